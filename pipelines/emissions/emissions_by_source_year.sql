-- emissions_by_source_year: one row per source, facility, span of its attributes, rule of the year, fiscal year, basis and gas: the sum of
-- its months. Where the sources of a facility and type are not whole in a year and a yearly total of the facility stands, the total
-- stands in their place, in the span of the year's end; where it is whole, the total only reconciles: the two are never both counted.
-- A total of all types stands in the place of everything that is not whole. Inputs: emissions_by_source_month, yearly_total_emissions,
-- yearly_total_quantities, facility_homes.
WITH by_source AS (
    SELECT source_kind, source_id, facility_id, valid_from, year_rule, is_in_force, fiscal_year, source_type, basis, gas,
        sum(emissions_kg) AS emissions_kg, sum(co2e_kg) AS co2e_kg, sum(total_energy_gj) AS total_energy_gj,
        sum(expected_days) AS expected_days, sum(covered_days) AS covered_days, sum(open_days) AS open_days,
        bool_or(is_provisional) AS is_provisional
    FROM emissions_by_source_month
    GROUP BY ALL
),
sources AS (
    SELECT facility_id, source_type, fiscal_year, basis, source_id, sum(open_days) AS open_days, max(expected_days) AS expected_days
    FROM (SELECT facility_id, source_type, fiscal_year, basis, source_id, gas, sum(open_days) AS open_days, sum(expected_days) AS expected_days
        FROM by_source WHERE is_in_force GROUP BY ALL)
    GROUP BY ALL
),
types AS (
    SELECT facility_id, source_type, fiscal_year, basis, sum(open_days) = 0 AND max(expected_days) >= 350 AS is_whole FROM sources GROUP BY ALL
    UNION ALL BY NAME
    SELECT facility_id, 'all' AS source_type, fiscal_year, basis, sum(open_days) = 0 AND max(expected_days) >= 350 AS is_whole
    FROM sources GROUP BY facility_id, fiscal_year, basis
),
standing AS (
    SELECT e.*, e.subject_id AS facility_id
    FROM yearly_total_emissions AS e
    LEFT JOIN types AS t
        ON t.facility_id = e.subject_id AND t.source_type = e.source_type AND t.fiscal_year = e.fiscal_year AND t.basis = e.basis
    WHERE e.subject_kind = 'facility' AND NOT coalesce(t.is_whole, false)
),
kept AS (
    SELECT * FROM standing
    WHERE source_type = 'all' OR (facility_id, fiscal_year, basis) NOT IN (
        SELECT (facility_id, fiscal_year, basis) FROM standing WHERE source_type = 'all' AND co2e_kg IS NOT NULL)
),
replaced AS (
    SELECT DISTINCT facility_id, source_type, fiscal_year, basis FROM kept WHERE co2e_kg IS NOT NULL
)
SELECT b.* EXCLUDE (open_days)
FROM by_source AS b
LEFT JOIN replaced AS r
    ON r.facility_id = b.facility_id AND r.source_type IN (b.source_type, 'all') AND r.fiscal_year = b.fiscal_year AND r.basis = b.basis
WHERE r.facility_id IS NULL
UNION ALL BY NAME
SELECT
    'yearly_total' AS source_kind, k.yearly_total_id AS source_id, k.facility_id, h.valid_from, 'by_day' AS year_rule, true AS is_in_force,
    k.fiscal_year, k.source_type, k.basis, k.gas, k.emissions_kg, k.co2e_kg,
    CASE WHEN k.gas = min(k.gas) OVER (PARTITION BY k.yearly_total_id, k.basis) THEN q.energy_gj END AS total_energy_gj,
    NULL AS expected_days, NULL AS covered_days, k.choice = 'provisional' AS is_provisional
FROM kept AS k
JOIN facility_homes AS h ON h.facility_id = k.facility_id AND h.fiscal_year = k.fiscal_year
JOIN yearly_total_quantities AS q ON q.yearly_total_id = k.yearly_total_id
WHERE k.co2e_kg IS NOT NULL
