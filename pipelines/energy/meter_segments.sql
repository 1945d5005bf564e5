-- meter_segments: one row per meter and period in which its register row, its contract, its operator and every reference row
-- stay the same. A sub-meter without a contract of its own is supplied under its root's. Days before the meter's own (no
-- reading counts there) stand under its first row and first contract, marked is_extended: the series with the base year's
-- factors asks what its energy would have counted then.
-- Inputs: meter_allocations, contracts, meters, facilities, facility_periods, heat_contents, densities, emission_factors,
-- factor_rules, method_rules. Parameters: first_day, last_day, extend_from (empty: no extension).
WITH own AS (
    SELECT DISTINCT meter_id, root_meter_id, energy_type, valid_from, valid_to, false AS is_extended FROM meter_allocations
),
spans AS (
    FROM own
    UNION ALL BY NAME
    SELECT meter_id, any_value(root_meter_id) AS root_meter_id, arg_min(energy_type, valid_from) AS energy_type,
        CAST($extend_from AS DATE) AS valid_from, min(valid_from) AS valid_to, true AS is_extended
    FROM own GROUP BY meter_id HAVING min(valid_from) > CAST($extend_from AS DATE)
),
supplied AS (
    SELECT s.meter_id, c.supplier_no, c.supplier, c.menu, coalesce(c.valid_from, DATE '0001-01-01') AS since,
        coalesce(c.valid_to, DATE '9999-12-31') AS until,
        row_number() OVER (PARTITION BY s.meter_id ORDER BY c.valid_from NULLS FIRST) = 1 AS is_first
    FROM (SELECT DISTINCT meter_id, root_meter_id FROM own) AS s
    JOIN contracts AS c
        ON c.meter_id = CASE WHEN s.meter_id IN (SELECT meter_id FROM contracts) THEN s.meter_id ELSE s.root_meter_id END
),
homes AS (
    SELECT m.meter_id, m.facility_id, coalesce(m.valid_from, DATE '0001-01-01') AS since,
        coalesce(m.valid_to, DATE '9999-12-31') AS until,
        row_number() OVER (PARTITION BY m.meter_id ORDER BY m.valid_from NULLS FIRST) = 1 AS is_first
    FROM meters AS m
),
shared_edges AS (
    SELECT unnest([valid_from, valid_to]) AS edge FROM heat_contents
    UNION SELECT unnest([valid_from, valid_to]) FROM densities
    UNION SELECT unnest([valid_from, valid_to]) FROM emission_factors
    UNION SELECT unnest([valid_from, valid_to]) FROM factor_rules
    UNION SELECT unnest([valid_from, valid_to]) FROM method_rules
    UNION SELECT unnest([valid_from, valid_to]) FROM facility_periods
    UNION SELECT make_date(y, 4, 1)
    FROM (SELECT unnest(range(year(CAST($first_day AS DATE)) - 1, year(CAST($last_day AS DATE)) + 2)) AS y)
),
edges AS (
    SELECT meter_id, unnest([valid_from, valid_to]) AS edge FROM spans
    UNION SELECT meter_id, unnest([since, until]) FROM supplied
    UNION SELECT m.meter_id, e.edge FROM (SELECT DISTINCT meter_id FROM spans) AS m CROSS JOIN shared_edges AS e
),
pieces AS (
    SELECT meter_id, edge AS since, lead(edge) OVER (PARTITION BY meter_id ORDER BY edge) AS until
    FROM edges
    WHERE edge IS NOT NULL
)
SELECT
    p.meter_id, s.energy_type, p.since AS valid_from, p.until AS valid_to, b.supplier_no, b.supplier, b.menu,
    b.meter_id IS NOT NULL AS has_contract, coalesce(d.operator_id, f.operator_id) AS operator_id, s.is_extended
FROM pieces AS p
JOIN (SELECT DISTINCT meter_id, energy_type, valid_from, valid_to, is_extended FROM spans) AS s
    ON s.meter_id = p.meter_id AND p.since >= s.valid_from AND p.since < s.valid_to
LEFT JOIN supplied AS b
    ON b.meter_id = p.meter_id AND (p.since >= b.since AND p.since < b.until OR s.is_extended AND b.is_first AND p.since < b.since)
LEFT JOIN homes AS h
    ON h.meter_id = p.meter_id AND (p.since >= h.since AND p.since < h.until OR s.is_extended AND h.is_first AND p.since < h.since)
LEFT JOIN facilities AS f ON f.facility_id = h.facility_id
LEFT JOIN facility_periods AS d
    ON d.facility_id = h.facility_id AND p.since >= coalesce(d.valid_from, DATE '0001-01-01')
    AND p.since < coalesce(d.valid_to, DATE '9999-12-31')
WHERE p.until > CAST($first_day AS DATE) AND p.since < CAST($last_day AS DATE)
