-- known_files: one row per arrival with what parsing made of it; the first arrival of a content carries its rows.
-- Content that stood under several paths is a duplicate, unless its layout names the meter by the path.
-- receipts: when its content was received, each time it was (the latest decides among rivals).
-- is_taken: its values are to be taken in; those of files taken before stand in the tables already.
-- Inputs: arrivals (the ledger), source_layouts (layout asked for per folder), parsed_files (Parquet), taken_before.
-- batch: where the latest word about the file is; an older one may lie in others. Parameter: usual.
WITH matched AS (
    SELECT
        a.sha256, a.source, a.path, a.received_at, a.first_seen_at, f.layout, f.batch, f.member, f.stamps_moved, f.cells_rounded, f.unread,
        coalesce(l.wanted, CAST($usual AS VARCHAR)) AS wanted, f.rule_id, f.numbers, f.rows_received, f.rows_blank, f.rows_ignored
    FROM arrivals AS a
    LEFT JOIN source_layouts AS l ON l.source = a.source
    JOIN parsed_files AS f
        ON f.sha256 = a.sha256 AND f.wanted = coalesce(l.wanted, CAST($usual AS VARCHAR)) AND f.member IN ('', a.path)
    WHERE NOT (a.sha256 LIKE 'unreadable:%' AND EXISTS (
        SELECT 1 FROM arrivals AS later
        WHERE later.source = a.source AND later.path = a.path AND later.sha256 NOT LIKE 'unreadable:%'))
    QUALIFY row_number() OVER (PARTITION BY a.sha256, a.source, a.path ORDER BY f.layout IS NULL, f.member DESC) = 1
)
SELECT
    *,
    row_number() OVER (ORDER BY sha256, member, wanted, received_at, source, path) AS file_no,
    row_number() OVER (PARTITION BY sha256, member, layout ORDER BY received_at, source, path) = 1 AS is_first,
    is_first AND (sha256, source, path) NOT IN (SELECT (sha256, source, path) FROM taken_before) AS is_taken,
    list(received_at) OVER (PARTITION BY sha256, member, layout ORDER BY received_at ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
        AS receipts,
    first_value(source || '/' || path) OVER (PARTITION BY sha256, member, layout ORDER BY received_at, source, path)
        AS first_path
FROM matched
