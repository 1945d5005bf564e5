-- asked_rows: one row per flag, or doubt, and row held back on its days, with the meter or activity source it was taken for: what an
-- answer settles. A state of a register is held back at a moment and touches the days on both its sides.
-- Inputs: doubts, held_back_rows, flags, flag_doubts.
WITH days AS (
    SELECT doubt_id, source_kind, source_id,
        unnest(from_json(periods_json, '[{"since": "DATE", "until": "DATE"}]'), recursive := true)
    FROM doubts WHERE rule_id = 'held_back'
),
asked AS (
    SELECT d.doubt_id AS asked_id, r.*
    FROM days AS d
    JOIN held_back_rows AS r
        ON r.source_kind = d.source_kind AND r.source_id = d.source_id AND r.started_at <= d.until AND r.ended_at >= d.since
        AND (r.started_at < d.until AND r.ended_at > d.since OR r.ended_at <= r.started_at + INTERVAL 1 MINUTE)
    UNION ALL BY NAME
    SELECT f.flag_id AS asked_id, r.*
    FROM flags AS f
    JOIN held_back_rows AS r
        ON r.source_id = f.subject AND r.rule_id = 'outside_validity' AND r.started_at < make_date(f.fiscal_year + 1, 4, 1)
        AND r.ended_at > make_date(f.fiscal_year, 4, 1)
    WHERE f.rule_id IN ('readings_after_validity', 'readings_before_validity')
)
SELECT DISTINCT coalesce(f.flag_id, a.asked_id) AS asked_id, a.source_sha256, a.source_member, a.source_line, a.source_column,
    a.source_kind, a.source_id
FROM asked AS a
LEFT JOIN (FROM flag_doubts UNION ALL BY NAME SELECT doubt_id AS flag_id, doubt_id FROM flag_doubts) AS f
    ON f.doubt_id = a.asked_id
ORDER BY ALL
