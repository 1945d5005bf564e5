-- readings_replaced: the rows of readings that are made anew: those looked at once more, and what touched registers counted.
-- Inputs: kept, touched_owners, last.readings.
SELECT place FROM kept WHERE table_name = 'readings'
UNION ALL
SELECT r.rowid AS place
FROM last.readings AS r
SEMI JOIN touched_owners AS t ON t.meter_id = r.meter_id AND t.reading_kind = r.reading_kind
WHERE r.reading_kind = 'register'
