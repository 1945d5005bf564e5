-- long_kept: readings of the base over several days, of the meters that are touched.
-- Inputs: touched_days, last.readings.
SELECT r.meter_id, r.reading_kind, CAST(r.started_at AS DATE) AS first_date, CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
FROM last.readings AS r
SEMI JOIN touched_days AS t ON t.meter_id = r.meter_id AND t.reading_kind = r.reading_kind
WHERE CAST(r.started_at AS DATE) < CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE)
