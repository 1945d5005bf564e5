-- days_written: the days of meters that a night counted anew, with all readings that reach into them.
-- Inputs: meter_days, touched_days, touched_owners.
SELECT d.* FROM meter_days AS d SEMI JOIN touched_days AS t USING (meter_id, reading_kind, local_date)
UNION ALL
SELECT d.* FROM meter_days AS d SEMI JOIN touched_owners AS t USING (meter_id, reading_kind)
