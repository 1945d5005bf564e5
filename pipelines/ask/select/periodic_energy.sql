-- periodic_energy: what an operator (site_id empty) and each of its designated sites used of each kind of energy in a year and the one
-- before, with plain heat values. Reads site_energy_years, sites, energy_types. Parameters: operator, fiscal_year.
WITH used AS (
    SELECT s.site_id, e.fiscal_year, e.energy_type, e.unit, sum(e.site_quantity) AS quantity, sum(e.energy_gj) AS energy_gj,
        sum(e.crude_oil_kl) AS crude_oil_kl, sum(e.missing_days) AS missing_days
    FROM site_energy_years AS e
    CROSS JOIN LATERAL unnest([NULL, e.site_id]) AS s(site_id)
    WHERE e.operator_id = $operator AND e.fiscal_year IN (CAST($fiscal_year AS INTEGER), CAST($fiscal_year AS INTEGER) - 1)
        AND (s.site_id IS NULL OR s.site_id IN (SELECT site_id FROM sites WHERE designation_no IS NOT NULL))
    GROUP BY s.site_id, e.fiscal_year, e.energy_type, e.unit
)
SELECT u.site_id, u.energy_type, t.name_ja, u.unit, u.quantity, u.energy_gj, u.crude_oil_kl, u.missing_days, p.quantity AS previous_quantity
FROM used AS u
JOIN energy_types AS t ON t.energy_type = u.energy_type
LEFT JOIN used AS p
    ON p.site_id IS NOT DISTINCT FROM u.site_id AND p.energy_type = u.energy_type AND p.unit = u.unit
    AND p.fiscal_year = CAST($fiscal_year AS INTEGER) - 1
WHERE u.fiscal_year = CAST($fiscal_year AS INTEGER)
ORDER BY u.site_id NULLS FIRST, u.energy_type, u.unit
