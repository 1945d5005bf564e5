-- rivals: candidates that overlap another one of the same meter and kind, by island of overlapping periods.
-- is_simple: every rival of the island has the very same period and band, so the first in order wins.
-- Input: suspects.
WITH reached AS (
    SELECT
        candidate_id, owner_id, kind, is_closing, time_band, started_at, ended_at,
        max(ended_at) OVER (
            PARTITION BY owner_id, kind, is_closing ORDER BY started_at, ended_at, candidate_id
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
        ) AS reach
    FROM suspects
),
islands AS (
    SELECT
        *, count(*) FILTER (reach IS NULL OR started_at >= reach) OVER (
            PARTITION BY owner_id, kind, is_closing ORDER BY started_at, ended_at, candidate_id ROWS UNBOUNDED PRECEDING
        ) AS island
    FROM reached
)
SELECT
    *, min(started_at) OVER same = max(started_at) OVER same AND min(ended_at) OVER same = max(ended_at) OVER same
        AND min(time_band) OVER same = max(time_band) OVER same AS is_simple
FROM islands
WINDOW same AS (PARTITION BY owner_id, kind, is_closing, island)
QUALIFY count(*) OVER same > 1
