-- activity_days: one row per activity source and day with its state, its doubts and, where it is doubtful, its bounds: 0 and the most that
-- can be done in a day (daily_limit of activity_sources.csv, in the activity's usual unit; without it there is no upper one).
-- Only what stands there is doubted: a day without a figure is missing. More than that limit is doubted (over_limit), and a provisional
-- figure of a closed year. An accepted answer lifts a doubt on the days it was shown, as long as their quantity is the one that was
-- seen; values held back are settled row by row (activity_doubts.is_lifted).
-- Inputs: plain_activity_days, activity_doubts, activity_sources, overrides. Parameter: today.
WITH ruled_days AS (
    SELECT activity_source_id, local_date, rule_id, bool_and(is_lifted) AS is_lifted
    FROM (
        SELECT activity_source_id, rule_id, is_lifted, CAST(unnest(generate_series(CAST(valid_from AS TIMESTAMP), CAST(valid_to - 1 AS TIMESTAMP),
            INTERVAL 1 DAY)) AS DATE) AS local_date
        FROM activity_doubts)
    GROUP BY ALL
),
doubted_days AS (
    SELECT activity_source_id, local_date, list(rule_id) AS rules, list(rule_id) FILTER (is_lifted) AS settled
    FROM ruled_days
    GROUP BY activity_source_id, local_date
),
lifted AS (
    SELECT o.activity_source_id, CAST(o.local_date AS DATE) AS local_date, list(DISTINCT o.rule_id) AS rules
    FROM (
        SELECT source_id AS activity_source_id, rule_id,
            unnest(generate_series(CAST(since AS TIMESTAMP), CAST(until - 1 AS TIMESTAMP), INTERVAL 1 DAY)) AS local_date
        FROM overrides AS o
        WHERE source_kind = 'activity' AND seen_quantity IS NOT DISTINCT FROM (
            SELECT sum(p.quantity) FROM plain_activity_days AS p
            WHERE p.activity_source_id = o.source_id AND p.local_date >= o.since AND p.local_date < o.until)) AS o
    GROUP BY o.activity_source_id, CAST(o.local_date AS DATE)
),
doubted AS (
    SELECT p.*, s.daily_limit, coalesce(list_concat(l.rules, d.settled), []) AS lifted_rules, list_concat(
        CASE WHEN p.quantity IS NULL THEN [] ELSE coalesce(d.rules, []) END,
        CASE WHEN p.quantity > s.daily_limit THEN ['over_limit'] ELSE [] END,
        CASE WHEN p.quantity IS NOT NULL AND p.is_provisional AND make_date(fiscal_year_of(p.local_date) + 1, 4, 1) <= CAST($today AS DATE)
            THEN ['provisional_reading'] ELSE [] END) AS all_rules
    FROM plain_activity_days AS p
    LEFT JOIN activity_sources AS s
        ON s.activity_source_id = p.activity_source_id AND p.local_date >= coalesce(s.valid_from, DATE '0001-01-01')
        AND p.local_date < coalesce(s.valid_to, DATE '9999-12-31')
    LEFT JOIN doubted_days AS d ON d.activity_source_id = p.activity_source_id AND d.local_date = p.local_date
    LEFT JOIN lifted AS l ON l.activity_source_id = p.activity_source_id AND l.local_date = p.local_date
),
sorted AS (
    SELECT *, nullif(array_to_string(list_sort(list_filter(all_rules, lambda rule: NOT list_contains(lifted_rules, rule))), ';'), '') AS standing,
        nullif(array_to_string(list_sort(list_filter(all_rules, lambda rule: list_contains(lifted_rules, rule))), ';'), '') AS overridden
    FROM doubted
)
SELECT
    activity_source_id, facility_id, activity, substance, local_date, quantity, unit,
    CASE WHEN quantity IS NULL THEN 'missing' WHEN standing IS NOT NULL THEN 'doubtful' ELSE 'measured' END AS state,
    nullif(concat_ws(';', why_none, standing), '') AS doubts, overridden, expected, derived_from,
    CASE WHEN quantity IS NOT NULL AND standing IS NOT NULL THEN 0 END AS low_quantity,
    CASE WHEN quantity IS NOT NULL AND standing IS NOT NULL THEN daily_limit END AS high_quantity
FROM sorted
