-- last_totals: the totals in force with the last publication, as the history has them; the last is so by its place. Where a total by
-- twelve bills stands, it is the one in force. Inputs: published_facility_years, publications.
WITH last AS (
    SELECT
        p.facility_id, p.fiscal_year, p.year_rule, p.basis,
        arg_max(struct_pack(total := p.co2e_kg), (coalesce(n.rowid, -1), p.published_time)) AS was
    FROM published_facility_years AS p
    LEFT JOIN publications AS n ON n.run_id = p.run_id
    GROUP BY p.facility_id, p.fiscal_year, p.year_rule, p.basis
)
SELECT facility_id, fiscal_year, basis, year_rule, was.total AS co2e_kg
FROM last
WHERE was.total IS NOT NULL
QUALIFY row_number() OVER (PARTITION BY facility_id, fiscal_year, basis ORDER BY year_rule = 'twelve_bills' DESC) = 1
