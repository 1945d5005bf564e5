-- act_days: one row per operator, meter family and day (month, where nothing is taken off in the family), of all its sites together
-- (site_id empty) and of each: crude oil as counted and as an interval, a deduction with its bounds turned round. Measured days count in
-- both bounds. Other days count between the bounds they carry, else from what was measured of a missing day, or 0, without end
-- (high_kl NULL). Where a deduction has no end, nothing is certain of the family's day.
-- Inputs: energy_by_meter_day, act_parts, energy_choices, heat_contents (the crude-oil coefficient).
WITH oil AS (
    SELECT CAST(value AS DECIMAL(9, 4)) AS kl_per_gj FROM heat_contents WHERE key = 'crude_oil_equivalent'
),
told AS (
    SELECT
        p.operator_id, p.site_id, p.root_meter_id, p.direction,
        CASE WHEN p.takes_off THEN e.local_date ELSE CAST(date_trunc('month', e.local_date) AS DATE) END AS local_date, e.expected, e.state, e.facility_share,
        CASE WHEN e.facility_share <> 0 THEN abs(e.crude_oil_kl)
            ELSE CAST(half_even9(abs(e.quantity), c.multiplier14) AS DECIMAL(28, 9)) * o.kl_per_gj END AS kl,
        CAST(half_even9(abs(e.low_quantity), c.multiplier14) AS DECIMAL(28, 9)) * o.kl_per_gj AS bound_low,
        CAST(half_even9(abs(e.high_quantity), c.multiplier14) AS DECIMAL(28, 9)) * o.kl_per_gj AS bound_high
    FROM energy_by_meter_day AS e
    JOIN act_parts AS p
        ON p.meter_id = e.meter_id AND p.facility_id = e.facility_id AND p.facility_share = e.facility_share
        AND e.local_date >= p.since AND e.local_date < p.until
    CROSS JOIN oil AS o
    LEFT JOIN energy_choices AS c
        ON (e.facility_share = 0 OR e.low_quantity IS NOT NULL OR e.high_quantity IS NOT NULL)
        AND c.meter_id = e.meter_id AND c.time_band = e.time_band AND c.unit = e.unit
        AND e.local_date >= c.valid_from AND e.local_date < c.valid_to
),
bounded AS (
    SELECT *,
        CASE
            WHEN state IN ('measured', 'estimated') THEN coalesce(kl, 0)
            WHEN bound_low IS NOT NULL OR bound_high IS NOT NULL THEN coalesce(least(bound_low, bound_high), 0)
            WHEN state = 'missing' THEN coalesce(kl, 0)
            ELSE 0
        END AS low_kl,
        CASE
            WHEN state IN ('measured', 'estimated') OR state = 'missing' AND NOT expected THEN kl
            ELSE CASE WHEN bound_high IS NOT NULL THEN greatest(coalesce(bound_low, 0), bound_high) END
        END AS high_kl
    FROM told
)
SELECT
    operator_id, site_id, root_meter_id, local_date, coalesce(sum(kl * direction), 0) AS site_kl,
    CASE
        WHEN bool_or(direction < 0 AND high_kl IS NULL) THEN 0
        WHEN bool_and(coalesce(low_kl = high_kl, false)) THEN sum(low_kl * direction)
        ELSE greatest(sum(CASE WHEN direction > 0 THEN low_kl ELSE -high_kl END), 0)
    END AS low_kl,
    CASE WHEN count(*) FILTER (direction > 0 AND high_kl IS NULL) = 0
        THEN sum(CASE WHEN direction > 0 THEN high_kl ELSE -low_kl END) END AS high_kl,
    count(*) FILTER (expected) AS expected_rows,
    count(*) FILTER (expected AND kl IS NOT NULL AND state NOT IN ('missing', 'doubtful')) AS covered_rows
FROM bounded
GROUP BY GROUPING SETS ((operator_id, root_meter_id, local_date), (operator_id, site_id, root_meter_id, local_date))
