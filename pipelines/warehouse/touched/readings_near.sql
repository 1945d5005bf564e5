-- readings_near: the readings that a night wrote and those they might overlap: of the day before and after, and over several days.
-- Inputs: touched_readings, readings. Parameters: since, until (the touched days; only that part of the readings is read).
WITH days AS (
    SELECT DISTINCT meter_id, reading_kind, unnest(near_days(day)) AS day
    FROM (SELECT DISTINCT meter_id, reading_kind, CAST(started_at AS DATE) AS day FROM touched_readings)
)
SELECT r.* FROM readings AS r
SEMI JOIN days AS d ON d.meter_id = r.meter_id AND d.reading_kind = r.reading_kind AND d.day = CAST(r.started_at AS DATE)
WHERE r.ended_at <= r.started_at + INTERVAL 1 DAY AND r.started_at >= $since AND r.started_at < $until
UNION ALL
SELECT r.* FROM readings AS r
SEMI JOIN touched_readings AS t ON t.meter_id = r.meter_id AND t.reading_kind = r.reading_kind
WHERE r.ended_at > r.started_at + INTERVAL 1 DAY AND r.ended_at > $since AND r.started_at < $until
