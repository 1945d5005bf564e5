-- replaced_rows: one row per row of the base that is made anew: those looked at once more, and what touched registers counted.
-- Inputs: kept, touched_owners, last.readings, last.register_uses.
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
