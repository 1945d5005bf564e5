-- judged_days: the counted days with their state and the doubts about them.
-- missing: not all hours have a value. doubtful: a rule of quality doubts it and no person has overridden that.
-- A provisional (速報) reading is doubted once its fiscal year is closed. More than can be used in a day, or in one slot at `slot_ratio`
-- times the most of its time (over_limit: see daily_limits), is doubted too. Zeros are doubted on the days that are nothing but zeros.
-- An override holds on the days it was shown, as long as their quantity is the one that was seen.
-- Values held back are settled row by row (meter_doubts.is_lifted). Register readings that prove a bill lift zeros and slips by themselves (chained_days).
-- Inputs: counted_days, meter_doubts, daily_limits, excused_days, chained_days, overrides (accepted by review). Parameters: today, slot_ratio.
WITH ruled_days AS (
    SELECT meter_id, local_date, rule_id, bool_and(is_lifted) AS is_lifted
    FROM (
        SELECT meter_id, rule_id, is_lifted, CAST(unnest(generate_series(CAST(valid_from AS TIMESTAMP), CAST(valid_to - 1 AS TIMESTAMP),
            INTERVAL 1 DAY)) AS DATE) AS local_date
        FROM meter_doubts) AS d
    WHERE NOT (rule_id LIKE 'zero_%' AND (meter_id, local_date) IN (SELECT (meter_id, local_date) FROM excused_days))
        AND NOT ((rule_id LIKE 'zero_%' OR rule_id LIKE 'unit_slip%')
            AND (meter_id, local_date) IN (SELECT (meter_id, local_date) FROM chained_days))
    GROUP BY ALL
),
doubted_days AS (
    SELECT meter_id, local_date, list(rule_id) AS rules, list(rule_id) FILTER (is_lifted) AS settled
    FROM ruled_days
    GROUP BY meter_id, local_date
),
lifted AS (
    SELECT o.meter_id, o.local_date, list(DISTINCT o.rule_id) AS rules
    FROM (
        SELECT o.source_id AS meter_id, o.rule_id, unnest(o.dates) AS local_date
        FROM (
            SELECT source_id, rule_id, seen_quantity, since, until,
                list_transform(generate_series(CAST(since AS TIMESTAMP), CAST(until - 1 AS TIMESTAMP), INTERVAL 1 DAY), lambda d: CAST(d AS DATE)) AS dates
            FROM overrides WHERE source_kind = 'meter') AS o
        WHERE o.seen_quantity IS NOT DISTINCT FROM (
            SELECT sum(c.quantity) FROM counted_days AS c
            WHERE c.meter_id = o.source_id AND c.local_date >= o.since AND c.local_date < o.until)) AS o
    GROUP BY o.meter_id, o.local_date
),
doubted AS (
    SELECT
        c.*, list_concat(l.rules, d.settled) AS lifted_rules, c.quantity IS NOT NULL AND NOT c.is_covered AND c.reading_kind = 'delivery' AS delivery_not_closed,
        list_concat(
            list_filter(coalesce(d.rules, []), lambda rule: CASE
                WHEN rule LIKE 'zero_%' THEN c.is_all_zero AND (c.is_covered OR c.reading_kind = 'delivery')
                WHEN rule LIKE 'unit_slip%' OR rule IN ('bill_differs', 'deliveries_differ', 'stock_unknown', 'held_back') THEN c.quantity IS NOT NULL
                WHEN rule = 'register_turn_unchecked' THEN c.quantity IS NOT NULL AND c.reading_kind = 'register'
                WHEN rule = 'standstill' THEN c.quantity IS NOT NULL AND c.reading_kind = 'interval'
                ELSE true END),
            CASE WHEN c.day_quantity > m.daily_limit
                OR c.top_slot * 86400 > m.daily_limit * c.slot_seconds * CAST($slot_ratio AS DECIMAL(6, 2)) THEN ['over_limit'] ELSE [] END,
            CASE WHEN c.is_covered AND c.has_provisional AND make_date(fiscal_year_of(c.local_date) + 1, 4, 1) <= CAST($today AS DATE)
                THEN ['provisional_reading'] ELSE [] END,
            CASE WHEN c.quantity IS NOT NULL AND NOT c.is_covered AND c.reading_kind = 'delivery' THEN ['delivery_not_closed'] ELSE [] END
        ) AS all_rules
    FROM counted_days AS c
    LEFT JOIN daily_limits AS m ON m.meter_id = c.meter_id AND c.local_date >= m.since AND c.local_date < m.until
    LEFT JOIN doubted_days AS d ON d.meter_id = c.meter_id AND d.local_date = c.local_date
    LEFT JOIN lifted AS l ON l.meter_id = c.meter_id AND l.local_date = c.local_date
),
sorted AS (
    SELECT *, nullif(array_to_string(list_sort(list_filter(all_rules, lambda rule: NOT list_contains(coalesce(lifted_rules, []), rule))), ';'), '')
            AS standing,
        nullif(array_to_string(list_sort(list_filter(all_rules, lambda rule: list_contains(coalesce(lifted_rules, []), rule))), ';'), '') AS overridden
    FROM doubted
)
SELECT
    meter_id, local_date, reading_kind, time_band, unit, quantity, expected, standing AS doubts, booked, overridden,
    CASE
        WHEN quantity IS NULL THEN 'missing'
        WHEN delivery_not_closed AND standing IS NULL THEN 'measured'
        WHEN delivery_not_closed THEN 'doubtful'
        WHEN NOT is_covered THEN 'missing'
        WHEN standing IS NOT NULL THEN 'doubtful'
        WHEN has_estimate THEN 'estimated'
        ELSE 'measured'
    END AS state
FROM sorted
