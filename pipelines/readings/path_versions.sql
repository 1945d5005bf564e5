-- path_versions: pairs of an older and a newer content of one path; received at the same moment, each is the newer one of the other.
-- A content that came once more since, wherever, is no older one.
-- Input: known_files.
SELECT o.sha256 AS old_sha256, o.member AS old_member, o.received_at AS old_at, n.sha256 AS new_sha256, n.member AS new_member, n.received_at AS new_at,
    o.source || '/' || o.path AS file
FROM known_files AS o
JOIN known_files AS n ON n.source = o.source AND n.path = o.path AND n.sha256 <> o.sha256 AND n.received_at >= o.receipts[-1]
WHERE o.rule_id IS NULL AND n.rule_id IS NULL
