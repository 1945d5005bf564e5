-- at_base_factors: the year's energy and activity with the factors of the base years. Input: emissions_at_base_factors.
SELECT base_fy, co2e_kg, open_days
FROM emissions_at_base_factors
WHERE facility_id = $facility AND fiscal_year = $year AND basis = $basis AND fiscal_year > base_fy
ORDER BY base_fy
