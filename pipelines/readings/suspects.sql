-- suspects: candidates that might overlap another one; all others are accepted without sorting anything.
-- A day of equal slots (a quarter of an hour to a day long, each starting on a multiple of its length) has no overlap when
-- every slot is taken once. A meter with longer readings, and the days around any other day, are looked at closely.
-- Input: candidates.
WITH slotted AS (
    SELECT
        owner_id, kind, is_closing, CAST(started_at AS DATE) AS day, date_diff('minute', started_at, ended_at) AS minutes,
        date_diff('minute', date_trunc('day', started_at), started_at) AS minute_of_day, started_at, time_band
    FROM candidates
),
days AS (
    SELECT
        owner_id, kind, is_closing, day, max(minutes) > 1440 AS is_long,
        min(minutes) = max(minutes) AND min(minutes) >= 15 AND max(minutes) <= 1440 AND min(time_band) = max(time_band)
            AND bool_and(minute_of_day % greatest(minutes, 1) = 0 AND second(started_at) = 0)
            AND count(*) = bit_count(bit_or(CAST(1 AS HUGEINT) << CAST(least(minute_of_day // 15, 100) AS HUGEINT))) AS is_clean
    FROM slotted
    GROUP BY owner_id, kind, is_closing, day
),
long_owners AS (
    SELECT DISTINCT owner_id, kind, is_closing FROM days WHERE is_long
),
unclean_days AS (
    SELECT DISTINCT owner_id, kind, is_closing, unnest([day - 1, day, day + 1]) AS day FROM days WHERE NOT is_clean
)
SELECT c.candidate_id, c.owner_id, c.kind, c.is_closing, c.time_band, c.started_at, c.ended_at
FROM candidates AS c
SEMI JOIN long_owners AS l ON l.owner_id = c.owner_id AND l.kind = c.kind AND l.is_closing = c.is_closing
UNION ALL
SELECT c.candidate_id, c.owner_id, c.kind, c.is_closing, c.time_band, c.started_at, c.ended_at
FROM candidates AS c
ANTI JOIN long_owners AS l ON l.owner_id = c.owner_id AND l.kind = c.kind AND l.is_closing = c.is_closing
SEMI JOIN unclean_days AS u
    ON u.owner_id = c.owner_id AND u.kind = c.kind AND u.is_closing = c.is_closing AND u.day = CAST(c.started_at AS DATE)
