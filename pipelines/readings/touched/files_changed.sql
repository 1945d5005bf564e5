-- files_changed: files of the base that are gone, were received at another time or count differently now, and new
-- files with the content of an earlier one that are to be taken all the same (their path names the meter), or that may bring back
-- what was superseded.
-- Inputs: last.source_files, known_files, taken_before.
SELECT l.path
FROM last.source_files AS l
LEFT JOIN known_files AS k ON k.sha256 = l.sha256 AND k.source = l.source AND k.path = l.path
WHERE k.sha256 IS NULL OR k.received_at <> l.received_at OR (l.status = 'duplicate') = (k.is_first OR k.rule_id IS NOT NULL)
UNION ALL
SELECT path FROM known_files WHERE is_taken AND sha256 IN (SELECT sha256 FROM taken_before)
UNION ALL
SELECT k.path
FROM known_files AS k
JOIN (SELECT sha256, sum(rows_superseded) AS superseded, max(received_at) AS last_at FROM last.source_files GROUP BY sha256) AS l ON l.sha256 = k.sha256
WHERE (k.sha256, k.source, k.path) NOT IN (SELECT (sha256, source, path) FROM taken_before) AND (l.superseded > 0 OR k.received_at < l.last_at)
LIMIT 1
