-- held_days: one row per day of the values held back, and whether later values of the same standing cover that part of it all the same.
-- Events (deliveries, loads) are covered by nothing but themselves. A state of a register stands for the uses that touch it.
-- Inputs: held_values, later_values, register_uses.
WITH spans AS (
    SELECT source_kind, owner_id, held_rule, source_sha256, is_discarded, stage_order, quality_order, counted_kind, stated_kind, is_event, last_at,
        file, CAST(started_at AS DATE) AS first_date, CAST(ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date,
        min(started_at) AS started_at, max(ended_at) AS ended_at,
        min(source_line) AS source_line, arg_min(raw, source_line) AS raw, count(*) AS found
    FROM held_values
    GROUP BY ALL
),
reaching AS (
    FROM spans
    UNION ALL BY NAME
    SELECT s.* REPLACE (CAST(u.started_at AS DATE) AS first_date, CAST(u.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date,
        u.started_at AS started_at, u.ended_at AS ended_at)
    FROM spans AS s
    JOIN register_uses AS u ON u.meter_id = s.owner_id AND s.source_kind = 'meter' AND u.started_at <= s.ended_at AND u.ended_at >= s.started_at
    WHERE minutes_of(s.started_at, s.ended_at) <= 1
),
numbered AS (
    SELECT *, row_number() OVER () AS held_no FROM reaching
),
days AS (
    SELECT *, CAST(unnest(generate_series(CAST(first_date AS TIMESTAMP), CAST(last_date AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
    FROM numbered
),
later AS (
    FROM later_values WHERE time_band IN ('all', 'day') AND kind <> 'register' AND NOT is_event AND NOT is_closing
),
pieces AS (
    SELECT *, CAST(started_at AS DATE) AS local_date FROM later WHERE kind = 'interval'
    UNION ALL
    SELECT *, CAST(unnest(generate_series(date_trunc('day', started_at), ended_at - INTERVAL 1 MICROSECOND, INTERVAL 1 DAY)) AS DATE) AS local_date
    FROM later WHERE kind <> 'interval'
),
covered AS (
    SELECT d.held_no, d.local_date, p.kind, sum(minutes_of(
        greatest(d.started_at, p.started_at, CAST(d.local_date AS TIMESTAMP)),
        least(d.ended_at, p.ended_at, CAST(d.local_date + 1 AS TIMESTAMP)))) AS minutes
    FROM days AS d
    JOIN pieces AS p
        ON p.source_kind = d.source_kind AND p.owner_id = d.owner_id AND p.local_date = d.local_date
        AND p.started_at < d.ended_at AND p.ended_at > d.started_at
    WHERE p.last_at > d.last_at AND NOT d.is_event AND (d.counted_kind IS NULL OR p.kind IN (d.counted_kind, d.stated_kind))
        AND (p.stage_order, p.quality_order) <= (d.stage_order, d.quality_order)
    GROUP BY ALL
)
SELECT d.*
FROM days AS d
WHERE NOT EXISTS (
    SELECT 1 FROM covered AS c
    WHERE c.held_no = d.held_no AND c.local_date = d.local_date AND c.minutes >= minutes_of(
        greatest(d.started_at, CAST(d.local_date AS TIMESTAMP)), least(d.ended_at, CAST(d.local_date + 1 AS TIMESTAMP))))
