-- open_months: the facilities and months of the running year in which a day may be open. Inputs: emissions_by_source_month.
-- Parameter: year_start.
SELECT DISTINCT facility_id, month
FROM emissions_by_source_month
WHERE year_rule = 'by_day' AND month >= CAST($year_start AS DATE) AND covered_days < expected_days
