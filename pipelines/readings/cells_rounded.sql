-- cells_rounded: a workbook that was read, in which numbers have a rest behind Excel's 15 digits (0.1 + 0.2) that is no part of what was read.
-- Input: intake_log.
SELECT CASE WHEN source = '.' THEN path ELSE source || '/' || path END AS place, cells_rounded AS count
FROM intake_log
WHERE status = 'read' AND cells_rounded > 0
ORDER BY place, sha256
