-- counted_twice: two meters of one facility and energy type that say almost the same in every whole month of a fiscal year in which both
-- count: bill and half hours of one supply point, entered as two meters. Both are counted, in a base year too, where the sum would earn
-- 達成. What is metered once more below a meter (parent_meter_id) is none of it.
-- Inputs: meter_months, meters, meter_allocations. Parameter: bill_tolerance (the share by which two readings of one thing may differ).
WITH months AS (
    SELECT meter_id, month, unit, CAST(sum(quantity) AS DOUBLE) AS quantity
    FROM meter_months
    GROUP BY meter_id, month, unit
    HAVING bit_count(bit_or(covered_bits)) = day(last_day(month)) AND sum(quantity) > 0
),
mains AS (
    SELECT meter_id, any_value(energy_type) AS energy_type FROM meters WHERE role IS NULL OR role = 'main' GROUP BY meter_id
),
homes AS (
    SELECT DISTINCT meter_id, facility_id, valid_from, valid_to FROM meter_allocations WHERE facility_share <> 0 AND facility_id <> 'outside'
),
placed AS (
    SELECT m.*, h.facility_id, k.energy_type
    FROM months AS m
    JOIN mains AS k ON k.meter_id = m.meter_id
    JOIN homes AS h ON h.meter_id = m.meter_id AND m.month < h.valid_to AND m.month + INTERVAL 1 MONTH > h.valid_from
),
pairs AS (
    SELECT a.facility_id, fiscal_year_of(a.month) AS fiscal_year, a.meter_id, b.meter_id AS other, a.unit, a.month, a.quantity, b.quantity AS other_quantity,
        abs(a.quantity - b.quantity) <= CAST($bill_tolerance AS DOUBLE) * greatest(a.quantity, b.quantity) AS is_alike
    FROM placed AS a
    JOIN placed AS b
        ON b.facility_id = a.facility_id AND b.energy_type = a.energy_type AND b.unit = a.unit AND b.month = a.month AND b.meter_id > a.meter_id
)
SELECT facility_id, CAST(fiscal_year AS INTEGER) AS fiscal_year, meter_id || ', ' || other AS subject, NULL AS co2e_at_stake_kg,
    to_json({months: count(*), since: strftime(min(month), '%Y-%m'), quantity: round(sum(quantity), 3), other_quantity: round(sum(other_quantity), 3),
        unit: any_value(unit)}) AS evidence
FROM pairs
GROUP BY facility_id, fiscal_year, meter_id, other
HAVING bool_and(is_alike)
