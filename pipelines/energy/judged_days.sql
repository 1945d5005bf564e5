-- judged_days: the counted days with their state and the doubts about them.
-- missing: not all hours have a value. doubtful: a rule of quality doubts it and no person has overridden that.
-- A provisional (速報) reading is doubted once its fiscal year is closed. Whole days of zeros are doubted in interval data.
-- An override binds to the quantity that was seen: when the meter's year moves by more than the tolerance it lapses.
-- More than can be used in a day (over_limit: contracted power times 24 hours, or meters.csv) is doubted too.
-- Inputs: counted_days, meter_doubts, daily_limits, overrides (accepted by review). Parameters: today, decision_tolerance.
WITH doubted_days AS (
    SELECT meter_id, local_date, list(DISTINCT rule_id) AS rules
    FROM (
        SELECT meter_id, rule_id, CAST(unnest(generate_series(CAST(valid_from AS TIMESTAMP), CAST(valid_to - 1 AS TIMESTAMP),
            INTERVAL 1 DAY)) AS DATE) AS local_date
        FROM meter_doubts)
    GROUP BY meter_id, local_date
),
doubted AS (
    SELECT
        c.*, c.day_quantity > m.daily_limit AS over_limit,
        c.is_covered AND c.is_all_zero AND c.reading_kind = 'interval' AS zero_day,
        c.is_covered AND c.has_provisional AND make_date(fiscal_year_of(c.local_date) + 1, 4, 1) <= CAST($today AS DATE)
            AS provisional_reading,
        c.quantity IS NOT NULL AND NOT c.is_covered AND c.reading_kind = 'delivery' AS delivery_not_closed,
        c.quantity IS NOT NULL AND coalesce(list_contains(d.rules, 'unit_slip'), false) AS unit_slip,
        c.quantity IS NOT NULL AND coalesce(list_contains(d.rules, 'unit_slip_unchecked'), false) AS unit_slip_unchecked,
        c.quantity IS NOT NULL AND c.reading_kind = 'register' AND coalesce(list_contains(d.rules, 'register_turn_unchecked'), false)
            AS register_turn_unchecked
    FROM counted_days AS c
    LEFT JOIN daily_limits AS m ON m.meter_id = c.meter_id AND c.local_date >= m.since AND c.local_date < m.until
    LEFT JOIN doubted_days AS d ON d.meter_id = c.meter_id AND d.local_date = c.local_date
),
listed AS (
    SELECT *, nullif(concat_ws(';',
            CASE WHEN zero_day THEN 'zero_day' END,
            CASE WHEN over_limit THEN 'over_limit' END,
            CASE WHEN provisional_reading THEN 'provisional_reading' END,
            CASE WHEN delivery_not_closed THEN 'delivery_not_closed' END,
            CASE WHEN unit_slip THEN 'unit_slip' END,
            CASE WHEN unit_slip_unchecked THEN 'unit_slip_unchecked' END,
            CASE WHEN register_turn_unchecked THEN 'register_turn_unchecked' END), '') AS all_doubts
    FROM doubted
),
year_sums AS (
    SELECT meter_id, fiscal_year_of(local_date) AS fiscal_year, sum(quantity) AS quantity FROM counted_days GROUP BY ALL
),
binding AS (
    SELECT o.meter_id, o.fiscal_year, list(o.rule_id) AS rules
    FROM overrides AS o
    JOIN year_sums AS y ON y.meter_id = o.meter_id AND y.fiscal_year = o.fiscal_year
    WHERE abs(y.quantity - o.seen_quantity) <= o.seen_quantity * CAST($decision_tolerance AS DECIMAL(9, 6))
    GROUP BY ALL
),
overruled AS (
    SELECT
        l.*, o.rules,
        CASE WHEN o.rules IS NULL THEN all_doubts
            ELSE nullif(array_to_string(list_filter(string_split(all_doubts, ';'),
                lambda rule: NOT list_contains(o.rules, rule)), ';'), '') END AS standing
    FROM listed AS l
    LEFT JOIN binding AS o
        ON o.meter_id = l.meter_id AND o.fiscal_year = fiscal_year_of(l.local_date)
)
SELECT
    meter_id, local_date, reading_kind, time_band, unit, quantity, expected, standing AS doubts, booked,
    CASE WHEN all_doubts IS DISTINCT FROM standing THEN
        array_to_string(list_filter(string_split(all_doubts, ';'), lambda rule: list_contains(rules, rule)), ';')
    END AS overridden,
    CASE
        WHEN quantity IS NULL THEN 'missing'
        WHEN delivery_not_closed AND standing IS NULL THEN 'measured'
        WHEN delivery_not_closed THEN 'doubtful'
        WHEN NOT is_covered THEN 'missing'
        WHEN standing IS NOT NULL THEN 'doubtful'
        WHEN has_estimate THEN 'estimated'
        ELSE 'measured'
    END AS state
FROM overruled
