-- replaced_rows: one row per row of the base that is made anew: those looked at once more, and what touched registers counted.
-- Rows of answer sheets that were held back stand as they were judged last.
-- Inputs: kept, touched_owners, answer_rows, last.readings, last.register_uses, last.quarantine.
WITH registers AS (
    SELECT meter_id FROM touched_owners WHERE reading_kind = 'register'
)
SELECT table_name, place FROM kept
UNION ALL
SELECT 'readings' AS table_name, r.rowid AS place
FROM last.readings AS r
SEMI JOIN registers AS t ON t.meter_id = r.meter_id
WHERE r.reading_kind = 'register'
UNION ALL
SELECT 'register_uses' AS table_name, u.rowid AS place
FROM last.register_uses AS u
SEMI JOIN registers AS t ON t.meter_id = u.meter_id
UNION ALL
SELECT 'quarantine' AS table_name, q.rowid AS place
FROM last.quarantine AS q
SEMI JOIN answer_rows AS a
    ON a.source_sha256 = q.source_sha256 AND a.source_member = coalesce(q.source_member, '') AND a.source_line = q.source_line
