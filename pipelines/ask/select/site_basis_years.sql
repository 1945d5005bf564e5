-- site_basis_years: one row per facility and fiscal year of which the pages show how its figures came about: the running year, the last one that
-- is over, and the base year of its result in that one. Parameters: fiscal_year, this_year.
-- Reads facilities, facility_results, targets.
SELECT facility_id, CAST(unnest([$fiscal_year, $this_year]) AS INTEGER) AS fiscal_year
FROM facilities
UNION
SELECT r.facility_id, t.base_fy
FROM facility_results AS r
JOIN targets AS t ON t.target_id = r.target_id
WHERE r.fiscal_year = $fiscal_year AND t.base_fy IS NOT NULL
