-- energy_by_meter_day: one row per meter, facility it counts at, day, band and unit, missing days included.
-- A shared meter's day is divided exactly: whole millionths first, the rest to the largest remainders, ties by facility;
-- undivided_quantity is what was divided (meter_quantity and facility_quantity are worked out from it when asked for).
-- energy_gj is the Energy Conservation Act's primary energy, rounded half-even to nine places here and nowhere later;
-- crude_oil_kl = energy_gj x 0.0258 (施行規則第4条), exact. Rows with share 0 are shown only and carry no energy.
-- A day filled from similar ones carries its bounds (low_quantity, high_quantity), and so does a doubtful one: 0 and the most that can
-- be used in a day, no upper one where the registers do not say it; where only a bill and its intervals differ, what the two say of
-- the day; where only the fuel in the tank before the first delivery is unknown, what is counted and, once, what the tank holds. Taken off elsewhere, low and high change places. A day is expected of the facilities that are open on it.
-- Inputs: judged_days, interpolated_days, bills_apart, stock_unknown, daily_limits, meter_allocations, facilities, energy_choices, heat_contents (the crude-oil coefficient).
WITH filled AS (
    SELECT j.*,
        CASE WHEN j.state = 'doubtful' AND j.doubts = 'bill_differs' THEN share_of(j.quantity, least(b.counted_quantity, b.other_quantity), b.counted_quantity)
            WHEN j.state = 'doubtful' THEN 0 END AS low_quantity,
        CASE WHEN j.state = 'doubtful' AND j.doubts = 'bill_differs' AND b.counted_quantity > 0
            THEN share_of(j.quantity, greatest(b.counted_quantity, b.other_quantity), b.counted_quantity) + 0.000001
            WHEN j.state = 'doubtful' AND j.doubts = 'bill_differs' THEN b.other_quantity
            WHEN j.state = 'doubtful' AND j.doubts = 'stock_unknown' AND u.tank_capacity IS NOT NULL
            THEN CAST(j.quantity + CASE WHEN j.local_date = u.valid_from THEN u.tank_capacity ELSE 0 END AS DECIMAL(18, 6))
            WHEN j.state = 'doubtful' AND m.daily_limit IS NOT NULL
            THEN greatest(m.daily_limit, CASE WHEN contains(j.doubts, 'bill_differs') THEN b.other_quantity END) END AS high_quantity
    FROM judged_days AS j
    ANTI JOIN interpolated_days AS i ON i.meter_id = j.meter_id AND i.local_date = j.local_date
    LEFT JOIN bills_apart AS b
        ON j.state = 'doubtful' AND b.meter_id = j.meter_id AND j.local_date >= b.valid_from AND j.local_date < b.valid_to
    LEFT JOIN stock_unknown AS u
        ON j.state = 'doubtful' AND u.meter_id = j.meter_id AND j.local_date >= u.valid_from AND j.local_date < u.valid_to
    LEFT JOIN daily_limits AS m
        ON j.state = 'doubtful' AND m.meter_id = j.meter_id AND j.local_date >= m.since AND j.local_date < m.until
    UNION ALL BY NAME
    SELECT
        meter_id, local_date, reading_kind, 'all' AS time_band, unit, quantity, low_quantity, high_quantity, booked,
        true AS expected, 'interpolated' AS state
    FROM interpolated_days
),
placed AS (
    SELECT j.* REPLACE (j.expected AND coalesce(j.local_date >= f.opened_on, true) AND coalesce(j.local_date < f.closed_on, true) AS expected), a.root_meter_id, a.facility_id, a.facility_share, a.energy_type, a.energy_act_scope
    FROM filled AS j
    JOIN meter_allocations AS a
        ON a.meter_id = j.meter_id AND j.local_date >= a.valid_from AND j.local_date < a.valid_to
    LEFT JOIN facilities AS f ON f.facility_id = a.facility_id
),
whole AS (
    SELECT * REPLACE (CASE WHEN facility_share = -1 THEN -quantity ELSE quantity END AS quantity,
        CASE WHEN facility_share = -1 THEN -high_quantity ELSE low_quantity END AS low_quantity,
        CASE WHEN facility_share = -1 THEN -low_quantity ELSE high_quantity END AS high_quantity)
    FROM placed
    WHERE facility_share IN (1, 0, -1)
),
cut AS (
    SELECT *, quantity AS undivided_quantity,
        CAST(micro(quantity) AS HUGEINT) * micro(abs(facility_share)) // 1000000 AS whole_part,
        CAST(micro(quantity) AS HUGEINT) * micro(abs(facility_share)) % 1000000 AS remainder
    FROM placed
    WHERE facility_share NOT IN (1, 0, -1)
),
divided AS (
    SELECT * EXCLUDE (whole_part, remainder) REPLACE (
        CAST(CASE WHEN facility_share < 0 THEN high_quantity ELSE low_quantity END * facility_share AS DECIMAL(18, 6))
            - CASE WHEN facility_share < 0 THEN 0.000001 ELSE 0 END AS low_quantity,
        CAST(CASE WHEN facility_share < 0 THEN low_quantity ELSE high_quantity END * facility_share AS DECIMAL(18, 6)) + 0.000001 AS high_quantity,
        from_micro(whole_part + CASE WHEN row_number() OVER (one_side ORDER BY remainder DESC, facility_id)
            <= (sum(remainder) OVER one_side) // 1000000 THEN 1 ELSE 0 END) * sign(facility_share) AS quantity)
    FROM cut
    WINDOW one_side AS (PARTITION BY meter_id, local_date, time_band, unit, sign(facility_share))
),
allotted AS (
    FROM whole UNION ALL BY NAME FROM divided
),
chosen AS (
    SELECT a.*, c.heat_content_id, CAST(CASE WHEN a.facility_share = 0 AND c.multiplier14 IS NOT NULL THEN 0
        ELSE half_even9(a.quantity, c.multiplier14) END AS DECIMAL(18, 9)) AS energy_gj
    FROM allotted AS a
    LEFT JOIN energy_choices AS c
        ON c.meter_id = a.meter_id AND c.time_band = a.time_band AND c.unit = a.unit
        AND a.local_date >= c.valid_from AND a.local_date < c.valid_to
)
SELECT
    meter_id, facility_id, local_date, energy_type, time_band, CAST(quantity AS DECIMAL(18, 6)) AS quantity, unit, energy_gj,
    CAST(energy_gj AS DECIMAL(28, 9)) * (SELECT CAST(value AS DECIMAL(9, 4)) FROM heat_contents WHERE key = 'crude_oil_equivalent')
        AS crude_oil_kl,
    facility_share, state, heat_content_id, doubts, overridden, root_meter_id, reading_kind, energy_act_scope, expected,
    low_quantity, high_quantity, booked, undivided_quantity
FROM chosen
