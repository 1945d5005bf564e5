-- files_changed: files of the last publication that are gone, were received at another time or count differently now, and new
-- files with the content of an earlier one that are to be taken all the same (their path names the meter).
-- Inputs: last.source_files, known_files, taken_before.
SELECT l.path
FROM last.source_files AS l
LEFT JOIN known_files AS k ON k.sha256 = l.sha256 AND k.source = l.source AND k.path = l.path
WHERE k.sha256 IS NULL OR k.received_at <> l.received_at OR (l.status = 'duplicate') = (k.is_first OR k.rule_id IS NOT NULL)
UNION ALL
SELECT path FROM known_files WHERE is_taken AND sha256 IN (SELECT sha256 FROM taken_before)
LIMIT 1
