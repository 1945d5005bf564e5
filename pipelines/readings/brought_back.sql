-- brought_back: one row per file whose content came once more and so counts again, and file whose values it replaces.
-- Inputs: known_files, stated_values.
WITH again AS (
    SELECT sha256, member, source || '/' || path AS file, received_at
    FROM known_files
    WHERE len(receipts) > 1 AND received_at > receipts[1]
),
replaced AS (
    SELECT v.*, k.first_path AS file
    FROM stated_values AS v
    JOIN known_files AS k ON k.sha256 = v.source_sha256 AND k.is_first AND k.member IN ('', v.source_member)
    WHERE v.known_to IN (SELECT received_at FROM again)
)
SELECT a.file, r.file AS other, CAST(count(DISTINCT (r.owner_id, r.started_at, r.time_band)) AS INTEGER) AS found,
    string_agg(DISTINCT r.owner_id, ', ' ORDER BY r.owner_id) AS sources, strftime(min(r.started_at), '%Y-%m-%d') AS since,
    strftime(max(r.ended_at) - INTERVAL 1 MICROSECOND, '%Y-%m-%d') AS until
FROM again AS a
JOIN stated_values AS n ON n.source_sha256 = a.sha256 AND a.member IN ('', n.source_member) AND n.known_to IS NULL
JOIN replaced AS r
    ON r.known_to = a.received_at AND r.owner_id = n.owner_id AND r.kind = n.kind AND r.source_sha256 <> n.source_sha256
    AND r.known_from >= n.known_from AND r.started_at < n.ended_at AND r.ended_at > n.started_at
GROUP BY a.file, r.file
ORDER BY a.file, r.file
