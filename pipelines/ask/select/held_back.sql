-- held_back: a value in quarantine with its place, those received last first; of copies of a file one. What a later content of the same
-- path has replaced is no matter of today; the row account and the doubts keep it.
-- Reads quarantine, source_files.
SELECT s.source || '/' || s.path AS path, q.source_member AS member, q.source_line AS line, q.source_column AS "column",
    q.rule_id, q.raw, q.reason AS ja, q.reason_en AS en
FROM quarantine AS q
JOIN source_files AS s ON s.sha256 = q.source_sha256 AND s.status = 'read'
ANTI JOIN source_files AS later
    ON later.source = s.source AND later.path = s.path AND later.sha256 <> s.sha256 AND later.status = 'read' AND later.received_at > s.received_at
QUALIFY row_number() OVER (PARTITION BY q.source_sha256, q.source_member, q.source_line, q.source_column, q.rule_id
    ORDER BY s.path = q.source_member DESC NULLS LAST, s.source, s.path) = 1
ORDER BY s.received_at DESC, path, line, "column"
