-- intake_held: a rule that holds back values of a file, and the first of them; of a path the latest content (see held_back).
-- Reads quarantine, source_files.
SELECT q.rule_id, s.source || '/' || s.path AS place, q.source_member AS member, count(*) AS values_held,
    arg_min(q.reason, q.source_line) AS ja, arg_min(q.reason_en, q.source_line) AS en, min(q.source_line) AS line,
    arg_min(q.source_column, q.source_line) AS "column"
FROM quarantine AS q
JOIN source_files AS s ON s.sha256 = q.source_sha256 AND s.status = 'read'
ANTI JOIN source_files AS later
    ON later.source = s.source AND later.path = s.path AND later.sha256 <> s.sha256 AND later.status = 'read' AND later.received_at > s.received_at
GROUP BY ALL
ORDER BY values_held DESC, place, line
LIMIT $most
