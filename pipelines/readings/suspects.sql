-- suspects: candidates that might overlap another one; all others are accepted without sorting anything.
-- A day of equal slots has no overlap (are_slots_apart). A meter with longer readings, and the days around any other day, are
-- looked at closely.
-- Events are told apart another way (event_rows). Input: candidates.
WITH days AS (
    SELECT
        owner_id, kind, is_closing, CAST(started_at AS DATE) AS day, max(minutes_of(started_at, ended_at)) > 1440 AS is_long,
        min(time_band) = max(time_band) AND are_slots_apart(started_at, ended_at) AS is_clean
    FROM candidates
    WHERE NOT is_event
    GROUP BY owner_id, kind, is_closing, CAST(started_at AS DATE)
),
long_owners AS (
    SELECT DISTINCT owner_id, kind, is_closing FROM days WHERE is_long
),
unclean_days AS (
    SELECT DISTINCT owner_id, kind, is_closing, unnest(near_days(day)) AS day FROM days WHERE NOT is_clean
)
SELECT c.candidate_id, c.owner_id, c.kind, c.is_closing, c.time_band, c.started_at, c.ended_at
FROM candidates AS c
SEMI JOIN long_owners AS l ON l.owner_id = c.owner_id AND l.kind = c.kind AND l.is_closing = c.is_closing
WHERE NOT c.is_event
UNION ALL
SELECT c.candidate_id, c.owner_id, c.kind, c.is_closing, c.time_band, c.started_at, c.ended_at
FROM candidates AS c
ANTI JOIN long_owners AS l ON l.owner_id = c.owner_id AND l.kind = c.kind AND l.is_closing = c.is_closing
SEMI JOIN unclean_days AS u
    ON u.owner_id = c.owner_id AND u.kind = c.kind AND u.is_closing = c.is_closing AND u.day = CAST(c.started_at AS DATE)
WHERE NOT c.is_event
