-- flag_patterns: one row per flag that an answer may stand for in later fiscal years too, with what flags of those years are held against: the
-- months of the year, how much, which way, and the meters or sources. Only of rules that judge data by themselves: doubts, and what is
-- unlike other days, months or years. What lacks (data, factors, closings, posts, targets) and a missed path are asked every year.
-- Of a doubt: the months of its days and what is at stake; of the others what their evidence names. Without months or an amount: no row.
-- Reads flags, flag_doubts, doubts.
WITH doubted AS (
    SELECT k.flag_id, unnest(from_json(d.periods_json, '[{"since": "DATE", "until": "DATE"}]'), recursive := true)
    FROM flag_doubts AS k
    JOIN doubts AS d ON d.doubt_id = k.doubt_id
    WHERE d.rule_id <> 'delivery_not_closed'
),
doubted_months AS (
    SELECT flag_id, unnest(range(date_trunc('month', since), CAST(until AS TIMESTAMP), INTERVAL 1 MONTH)) AS month FROM doubted
),
told AS (
    SELECT flag_id, list_sort(list(DISTINCT CAST(month(month) AS INTEGER))) AS months FROM doubted_months GROUP BY flag_id
    UNION ALL
    SELECT flag_id, list_sort(list_distinct(list_transform(
        string_split(coalesce(json_extract_string(evidence, '$.months'), json_extract_string(evidence, '$.month')), ', '),
        lambda named: CAST(right(named, 2) AS INTEGER))))
    FROM flags WHERE rule_id IN ('unusual_months', 'spike', 'flat_run', 'fall_unexplained')
),
sized AS (
    SELECT f.flag_id, t.months,
        CAST(CASE f.rule_id
            WHEN 'unusual_months' THEN CAST(json_extract(f.evidence, '$.apart') AS DOUBLE)
            WHEN 'spike' THEN CAST(json_extract(f.evidence, '$.quantity') AS DOUBLE) - CAST(json_extract(f.evidence, '$.usual') AS DOUBLE)
            WHEN 'flat_run' THEN CAST(json_extract(f.evidence, '$.days') AS DOUBLE)
            ELSE CAST(f.co2e_at_stake_kg AS DOUBLE) END AS DECIMAL(38, 3)) AS amount,
        CASE WHEN f.rule_id = 'fall_unexplained' OR f.rule_id LIKE 'zero%' THEN 'down'
            WHEN f.rule_id = 'spike' THEN 'up'
            WHEN f.rule_id = 'unusual_months' THEN concat_ws(' ', CASE WHEN CAST(json_extract(f.evidence, '$.is_below') AS BOOLEAN) THEN 'down' END,
                CASE WHEN CAST(json_extract(f.evidence, '$.is_above') AS BOOLEAN) THEN 'up' END)
            WHEN f.rule_id LIKE 'unit_slip%' THEN CASE WHEN CAST(json_extract(f.evidence, '$.ratio') AS DOUBLE) < 1 THEN 'down' ELSE 'up' END
            ELSE '' END AS direction,
        list_sort(string_split(coalesce(json_extract_string(f.evidence, '$.sources'), f.subject, ''), ', ')) AS sources
    FROM flags AS f
    JOIN told AS t ON t.flag_id = f.flag_id
)
SELECT flag_id, CAST(to_json({months: months, amount: CAST(amount AS VARCHAR), direction: direction, sources: sources}) AS VARCHAR) AS pattern
FROM sized
WHERE amount IS NOT NULL AND len(months) > 0
ORDER BY flag_id
