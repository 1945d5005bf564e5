-- years_known: from which to which fiscal year there are figures of a facility. Input: emissions_by_facility_fiscal_year.
SELECT min(fiscal_year) AS first_year, max(fiscal_year) AS last_year FROM emissions_by_facility_fiscal_year
WHERE facility_id = $facility AND basis = $basis
HAVING count(*) > 0
