-- changed_totals: the totals of this publication that are new or differ, in figure or in method, from the last published.
-- A facility-year that is gone stands with an empty total; the last publication is so by its place, whatever the clock did.
-- Inputs: emissions_by_facility_fiscal_year, published_facility_years, publications. Parameters: run_id, published_time, version.
WITH last AS (
    SELECT facility_id, fiscal_year, year_rule, basis, arg_max(struct_pack(total := p.co2e_kg, version := p.version), (coalesce(n.rowid, -1), p.published_time)) AS was
    FROM published_facility_years AS p
    LEFT JOIN publications AS n ON n.run_id = p.run_id
    GROUP BY facility_id, fiscal_year, year_rule, basis
)
SELECT
    $run_id AS run_id, CAST($published_time AS TIMESTAMP) AS published_time, $version AS version,
    coalesce(e.facility_id, l.facility_id) AS facility_id, coalesce(e.fiscal_year, l.fiscal_year) AS fiscal_year,
    coalesce(e.year_rule, l.year_rule) AS year_rule, coalesce(e.basis, l.basis) AS basis, e.co2e_kg
FROM emissions_by_facility_fiscal_year AS e
FULL JOIN last AS l
    ON l.facility_id = e.facility_id AND l.fiscal_year = e.fiscal_year AND l.year_rule = e.year_rule AND l.basis = e.basis
WHERE e.co2e_kg IS DISTINCT FROM l.was.total
    OR e.facility_id IS NOT NULL AND $version IS DISTINCT FROM l.was.version
