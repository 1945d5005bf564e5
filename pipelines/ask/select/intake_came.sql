-- intake_came: a file that was received, the latest first.
-- Reads intake_log.
SELECT *, source || '/' || path AS place FROM intake_log ORDER BY received_at DESC, source, path LIMIT $most
