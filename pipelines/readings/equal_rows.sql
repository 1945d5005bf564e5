-- equal_rows: one row per source, period and file with rows of events that are equal in everything, the slip number too or neither
-- has one: two events, or one that was written twice. Inputs: stated_values, file_receipts.
WITH events AS (
    SELECT v.*, f.file
    FROM stated_values AS v
    JOIN file_receipts AS f ON f.sha256 = v.source_sha256 AND f.member IN ('', v.source_member)
    WHERE v.is_event
),
equal AS (
    SELECT source_kind, owner_id, kind, started_at, ended_at, source_sha256, stage, quantity, any_value(unit) AS unit, any_value(file) AS file,
        count(*) AS found, string_agg(DISTINCT CAST(source_line AS VARCHAR), ', ' ORDER BY CAST(source_line AS VARCHAR)) AS lines,
        coalesce(any_value(slip_no), '') AS slip_no
    FROM events
    GROUP BY source_kind, owner_id, kind, started_at, ended_at, source_sha256, stage, quantity, unit, quality, issued_on, slip_no, amount_yen,
        substance, note
    HAVING count(*) > 1 AND count(*) FILTER (known_to IS NULL) > 0
)
SELECT source_kind, owner_id AS source_id, 'equal_rows' AS rule_id, CAST(started_at AS DATE) AS valid_from,
    CAST(ended_at - INTERVAL 1 MICROSECOND AS DATE) + 1 AS valid_to,
    to_json({subject: owner_id, periods: strftime(started_at, '%Y-%m-%d') || '..' || strftime(ended_at - INTERVAL 1 MICROSECOND, '%Y-%m-%d'),
        value: CAST(quantity AS DOUBLE), unit: unit, file: file, lines: lines, found: CAST(found AS INTEGER), slip_no: slip_no}) AS evidence
FROM equal
