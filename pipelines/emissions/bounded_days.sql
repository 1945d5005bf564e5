-- bounded_days: all emission days with their interval, under each rule of the year. What is measured and final counts in both bounds. A day that is
-- missing or without a factor has no upper bound; its lower bound is what was measured of it (part of a missing day) or 0. A
-- doubtful or interpolated day has the bounds of its rule; where the registers state no limit, no upper one. A provisional factor has the bounds of the setting, and none above when it is zero. Where a deduction is not
-- final, the net use of the whole meter family is unknown at that facility and day.
-- Inputs: all_emission_days, provisional_bounds (one row, from the settings).
WITH finality AS (
    SELECT *, coalesce(bound_low_kg, co2e_kg) AS known_low_kg, coalesce(bound_high_kg, co2e_kg) AS known_high_kg,
        reason = 'not_in_basis' AS is_outside_basis,
        co2e_kg IS NOT NULL AND (state IN ('measured', 'estimated') OR state IN ('interpolated', 'doubtful') AND bound_low_kg IS NOT NULL AND bound_high_kg IS NOT NULL)
            AND NOT (choice = 'provisional' AND co2e_kg = 0 AND quantity <> 0) AS is_bounded
    FROM all_emission_days
),
unknown_deductions AS (
    SELECT DISTINCT root_meter_id, facility_id, year_rule, local_date, basis
    FROM finality
    WHERE facility_share < 0 AND NOT is_bounded AND NOT coalesce(is_outside_basis, false)
)
SELECT
    f.*, coalesce(f.is_outside_basis, false) AS not_in_basis,
    coalesce(f.is_outside_basis, false) OR f.is_bounded AND u.root_meter_id IS NULL AS is_final,
    CASE
        WHEN coalesce(f.is_outside_basis, false) OR u.root_meter_id IS NOT NULL OR f.co2e_kg IS NULL THEN 0
        WHEN f.is_bounded AND f.choice = 'provisional' THEN CAST(CAST(f.known_low_kg AS DECIMAL(28, 9)) * b.low AS DECIMAL(38, 9))
        WHEN f.is_bounded THEN f.known_low_kg
        WHEN f.state = 'missing' AND f.choice <> 'provisional' AND f.facility_share > 0 THEN f.co2e_kg
        ELSE 0
    END AS low_co2e_kg,
    CASE
        WHEN coalesce(f.is_outside_basis, false) OR u.root_meter_id IS NOT NULL OR NOT f.is_bounded THEN 0
        WHEN f.choice = 'provisional' THEN CAST(CAST(f.known_high_kg AS DECIMAL(28, 9)) * b.high AS DECIMAL(38, 9))
        ELSE f.known_high_kg
    END AS high_co2e_kg,
    nullif(concat_ws(';',
        CASE f.state WHEN 'missing' THEN 'missing_data' WHEN 'interpolated' THEN 'interpolated' END,
        f.doubts,
        CASE WHEN f.quantity IS NOT NULL AND f.reason <> 'not_in_basis' THEN f.reason END,
        CASE WHEN f.choice = 'provisional' THEN 'provisional_factor' END,
        CASE WHEN u.root_meter_id IS NOT NULL THEN 'deduction_unknown' END), '') AS day_reasons
FROM finality AS f
CROSS JOIN provisional_bounds AS b
LEFT JOIN unknown_deductions AS u
    ON u.root_meter_id = f.root_meter_id AND u.facility_id = f.facility_id AND u.local_date = f.local_date AND u.basis = f.basis
    AND u.year_rule = f.year_rule
