-- counted_before: the row account of the files taken before, without the values that are looked at once more.
-- Inputs: known_files, last.source_files, kept.
WITH again AS (
    SELECT file_no, count(*) FILTER (known_to IS NULL) AS loaded, count(*) FILTER (known_to IS NOT NULL) AS superseded
    FROM kept GROUP BY file_no
)
SELECT k.file_no, l.rows_loaded - coalesce(a.loaded, 0) AS loaded, l.rows_superseded - coalesce(a.superseded, 0) AS superseded,
    l.rows_quarantined AS quarantined
FROM last.source_files AS l
JOIN known_files AS k ON k.sha256 = l.sha256 AND k.source = l.source AND k.path = l.path
LEFT JOIN again AS a ON a.file_no = k.file_no
