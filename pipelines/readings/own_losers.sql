-- own_losers: the values that were superseded from the last receipt of their own content on: by one of the same file, of the same moment,
-- or by one of a higher standing that had come before. Inputs: stated_values, file_receipts.
SELECT v.*, f.last_at
FROM stated_values AS v
JOIN file_receipts AS f ON f.sha256 = v.source_sha256 AND f.member IN ('', v.source_member)
WHERE v.known_to IS NOT NULL AND NOT v.is_event AND v.known_to = f.last_at
