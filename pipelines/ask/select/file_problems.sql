-- file_problems: a file, folder or row of received.csv that could not be read, and what stands in a register in vain.
-- Reads findings, source_files.
SELECT source || '/' || path AS path, reason AS ja, reason_en AS en FROM source_files WHERE status = 'unreadable'
UNION ALL
SELECT subject, message_ja, message_en FROM findings
WHERE rule_id IN ('not_a_file', 'received_row', 'unreadable_folder', 'remote_name', 'file_too_large')
UNION ALL
SELECT 'registers/' || split_part(subject, ':', 1), message_ja, message_en FROM findings
WHERE starts_with(rule_id, 'register_') AND severity <> 'info'
ORDER BY path, ja
