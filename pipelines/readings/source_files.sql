-- source_files: one row per arrival with its row account: received = loaded + superseded + quarantined + blank.
-- The counts are today's state. A duplicate carries no rows of its own.
-- Of an answer sheet the judged rows count, and what is neither taken nor blank is held back.
-- Inputs: known_files, candidates, losers, checked, parsed_rejects, answer_rows, file_reasons, counted_before.
WITH used AS (
    SELECT c.file_no, count(*) FILTER (l.candidate_id IS NULL) AS loaded, count(l.candidate_id) AS superseded
    FROM candidates AS c
    LEFT JOIN losers AS l ON l.candidate_id = c.candidate_id
    GROUP BY c.file_no
),
answered AS (
    SELECT source_sha256, count(*) FILTER (outcome = 'loaded') AS loaded, count(*) FILTER (outcome = 'superseded') AS superseded
    FROM answer_rows GROUP BY source_sha256
),
held AS (
    SELECT file_no, count(*) AS quarantined FROM checked WHERE rule_id IS NOT NULL GROUP BY file_no
),
rejected AS (
    SELECT f.file_no, count(*) AS quarantined
    FROM parsed_rejects AS r
    JOIN known_files AS f
        ON f.sha256 = r.source_sha256 AND f.wanted = r.wanted AND f.is_taken
        AND f.member = r.file_member AND f.batch = r.batch
    GROUP BY f.file_no
)
SELECT
    k.sha256, k.source, k.path, k.layout, k.received_at, k.first_seen_at,
    CASE WHEN k.rule_id = 'document' THEN 'document' WHEN k.rule_id IS NOT NULL THEN 'unreadable' WHEN NOT k.is_first THEN 'duplicate' ELSE 'read' END AS status,
    CASE WHEN k.is_first THEN k.rows_received ELSE 0 END AS rows_received,
    CASE WHEN k.layout = 'answer_sheet' THEN coalesce(a.loaded, 0) ELSE coalesce(used.loaded, 0) + coalesce(b.loaded, 0) END AS rows_loaded,
    CASE WHEN k.layout = 'answer_sheet' THEN coalesce(a.superseded, 0) ELSE coalesce(used.superseded, 0) + coalesce(b.superseded, 0) END
        AS rows_superseded,
    CASE WHEN k.layout = 'answer_sheet' AND k.is_first THEN k.rows_received - k.rows_blank - coalesce(a.loaded, 0) - coalesce(a.superseded, 0)
        ELSE coalesce(held.quarantined, 0) + coalesce(rejected.quarantined, 0) + coalesce(b.quarantined, 0) END AS rows_quarantined,
    CASE WHEN k.is_first THEN k.rows_blank ELSE 0 END AS rows_blank,
    CASE WHEN k.is_first THEN k.rows_ignored ELSE 0 END AS rows_ignored,
    r.ja AS reason, r.en AS reason_en
FROM known_files AS k
LEFT JOIN used ON used.file_no = k.file_no
LEFT JOIN held ON held.file_no = k.file_no
LEFT JOIN rejected ON rejected.file_no = k.file_no
LEFT JOIN counted_before AS b ON b.file_no = k.file_no
LEFT JOIN answered AS a ON a.source_sha256 = k.sha256 AND k.is_first
LEFT JOIN file_reasons AS r ON r.file_no = k.file_no
