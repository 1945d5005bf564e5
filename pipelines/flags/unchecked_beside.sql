-- unchecked_beside: what else speaks of meters whose units have too little history to be checked: it informs the question and lifts
-- nothing. One row per facility: the meter that is largest beside the median of other facilities of its use class, per floor area and
-- year; and the largest share of what its contract's kW could give in all hours. Fewer than three other facilities say nothing.
-- Inputs: doubts, meter_allocations, meter_months, facilities, facility_facts, contracts. Parameter: today.
WITH uses AS (
    SELECT m.meter_id, m.unit, CAST(sum(m.quantity) AS DOUBLE) / sum(bit_count(m.day_bits)) AS mean
    FROM meter_months AS m
    GROUP BY m.meter_id, m.unit
),
areas AS (
    SELECT facility_id, CAST(floor_area_m2 AS DOUBLE) AS floor_area_m2
    FROM facility_facts
    WHERE floor_area_m2 > 0 AND coalesce(valid_from, DATE '0001-01-01') <= CAST($today AS DATE) AND coalesce(valid_to, DATE '9999-12-31') > CAST($today AS DATE)
),
intensities AS (
    SELECT a.facility_id, f.use_class, a.energy_type, u.unit, sum(u.mean * CAST(a.facility_share AS DOUBLE)) * 365 / any_value(r.floor_area_m2) AS per_m2
    FROM uses AS u
    JOIN meter_allocations AS a
        ON a.meter_id = u.meter_id AND a.facility_share > 0 AND a.valid_from <= CAST($today AS DATE) AND a.valid_to > CAST($today AS DATE)
    JOIN facilities AS f ON f.facility_id = a.facility_id
    JOIN areas AS r ON r.facility_id = a.facility_id
    GROUP BY a.facility_id, f.use_class, a.energy_type, u.unit
),
asked AS (
    SELECT DISTINCT d.source_id AS meter_id, d.unit, a.facility_id, a.energy_type
    FROM doubts AS d
    JOIN meter_allocations AS a ON a.meter_id = d.source_id AND a.facility_share > 0
    WHERE d.source_kind = 'meter' AND d.rule_id = 'unit_slip_unchecked'
),
beside AS (
    SELECT q.facility_id, q.energy_type, i.per_m2, i.unit, median(o.per_m2) AS others_per_m2, count(*) AS others
    FROM (SELECT DISTINCT facility_id, energy_type, unit FROM asked) AS q
    JOIN intensities AS i ON i.facility_id = q.facility_id AND i.energy_type = q.energy_type AND i.unit = q.unit
    JOIN intensities AS o
        ON o.use_class = i.use_class AND o.energy_type = i.energy_type AND o.unit = i.unit AND o.facility_id <> i.facility_id
    GROUP BY q.facility_id, q.energy_type, i.per_m2, i.unit
    HAVING count(*) >= 3 AND median(o.per_m2) > 0
),
furthest AS (
    SELECT facility_id, arg_max({per_m2: round(per_m2, 1), others_per_m2: round(others_per_m2, 1), others: others, unit: unit},
        (abs(ln(greatest(per_m2, 1e-9) / others_per_m2)), energy_type)) AS area
    FROM beside
    GROUP BY facility_id
),
loads AS (
    SELECT q.facility_id, round(max(u.mean / (24 * CAST(c.contract_kw AS DOUBLE))) * 100) AS percent
    FROM asked AS q
    JOIN uses AS u ON u.meter_id = q.meter_id AND u.unit = 'kWh'
    JOIN contracts AS c ON c.meter_id = q.meter_id AND c.contract_kw > 0
    GROUP BY q.facility_id
)
SELECT coalesce(f.facility_id, l.facility_id) AS facility_id, f.area, CAST(l.percent AS INTEGER) AS contract_percent
FROM furthest AS f
FULL JOIN loads AS l ON l.facility_id = f.facility_id
