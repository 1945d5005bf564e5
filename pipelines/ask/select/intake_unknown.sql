-- intake_unknown: a word of a file that no register knows.
-- Reads unknown_names.
SELECT * FROM unknown_names ORDER BY values_held DESC, word LIMIT $most
