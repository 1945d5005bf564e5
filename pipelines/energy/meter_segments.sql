-- meter_segments: one row per meter and period in which its register row, its contract and every reference row stay the same.
-- A sub-meter without a contract of its own is supplied under its root's.
-- Inputs: meter_allocations, contracts, heat_contents, densities, emission_factors, factor_rules. Parameters: first_day, last_day.
WITH spans AS (
    SELECT DISTINCT meter_id, root_meter_id, energy_type, valid_from, valid_to FROM meter_allocations
),
bound AS (
    SELECT s.meter_id, c.supplier_no, c.supplier, c.menu, coalesce(c.valid_from, DATE '0001-01-01') AS since,
        coalesce(c.valid_to, DATE '9999-12-31') AS until
    FROM (SELECT DISTINCT meter_id, root_meter_id FROM spans) AS s
    JOIN contracts AS c
        ON c.meter_id = CASE WHEN s.meter_id IN (SELECT meter_id FROM contracts) THEN s.meter_id ELSE s.root_meter_id END
),
reference_edges AS (
    SELECT unnest([valid_from, valid_to]) AS edge FROM heat_contents
    UNION SELECT unnest([valid_from, valid_to]) FROM densities
    UNION SELECT unnest([valid_from, valid_to]) FROM emission_factors
    UNION SELECT unnest([valid_from, valid_to]) FROM factor_rules
    UNION SELECT unnest(CAST($rule_edges AS DATE[]))
    UNION SELECT make_date(y, 4, 1)
    FROM (SELECT unnest(range(year(CAST($first_day AS DATE)) - 1, year(CAST($last_day AS DATE)) + 2)) AS y)
),
edges AS (
    SELECT meter_id, unnest([valid_from, valid_to]) AS edge FROM spans
    UNION SELECT meter_id, unnest([since, until]) FROM bound
    UNION SELECT m.meter_id, e.edge FROM (SELECT DISTINCT meter_id FROM spans) AS m CROSS JOIN reference_edges AS e
),
pieces AS (
    SELECT meter_id, edge AS since, lead(edge) OVER (PARTITION BY meter_id ORDER BY edge) AS until
    FROM edges
    WHERE edge IS NOT NULL
)
SELECT
    p.meter_id, s.energy_type, p.since AS valid_from, p.until AS valid_to, b.supplier_no, b.supplier, b.menu,
    b.meter_id IS NOT NULL AS has_contract
FROM pieces AS p
JOIN (SELECT DISTINCT meter_id, energy_type, valid_from, valid_to FROM spans) AS s
    ON s.meter_id = p.meter_id AND p.since >= s.valid_from AND p.since < s.valid_to
LEFT JOIN bound AS b ON b.meter_id = p.meter_id AND p.since >= b.since AND p.since < b.until
WHERE p.until > CAST($first_day AS DATE) AND p.since < CAST($last_day AS DATE)
