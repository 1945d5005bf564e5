-- stamped_cells: the typed cells with the period each value stands for, still unchecked.
-- A stamp a few seconds beside the minute (Excel keeps times as fractions of a day) is moved onto it; how many were is counted.
-- Inputs: typed_cells, moment_words (texts that people wrote another way). Macro: stamp_tolerance (seconds).
WITH read AS (
    SELECT
        c.* EXCLUDE (started, ended), snapped(coalesce(c.started, s.moment), stamp_tolerance()) AS base,
        snapped(coalesce(c.ended, e.moment), stamp_tolerance()) AS base_end,
        coalesce(c.started, s.moment) IS DISTINCT FROM snapped(coalesce(c.started, s.moment), stamp_tolerance())
            OR coalesce(c.ended, e.moment) IS DISTINCT FROM snapped(coalesce(c.ended, e.moment), stamp_tolerance()) AS is_snapped
    FROM typed_cells AS c
    LEFT JOIN moment_words AS s ON c.started IS NULL AND s.text = c.started_text AND s.form = c.form AND s.utc_minutes IS NOT DISTINCT FROM c.utc_minutes
    LEFT JOIN moment_words AS e ON c.ended IS NULL AND e.text = c.ended_text AND e.form = c.form AND e.utc_minutes IS NOT DISTINCT FROM c.utc_minutes
),
next_starts AS (
    SELECT file_no, line, column_name, lead(base) OVER (PARTITION BY file_no, key, column_name ORDER BY base, line) AS next_start
    FROM read
    WHERE until_next
)
SELECT
    r.*,
    CASE WHEN months > 0 THEN base WHEN months < 0 THEN base + INTERVAL 1 DAY + to_months(months)
        ELSE base + to_minutes(start_minutes) END AS started_at,
    CASE WHEN months > 0 THEN base + to_months(months) WHEN months < 0 THEN base + INTERVAL 1 DAY
        WHEN until_next THEN n.next_start
        WHEN end_minutes IS NULL THEN base_end + to_minutes(end_shift_minutes)
        ELSE base + to_minutes(end_minutes) END AS ended_at,
    until_next OR months <> 0 OR end_minutes IS NOT NULL AS end_is_implied
FROM read AS r
LEFT JOIN next_starts AS n ON n.file_no = r.file_no AND n.line = r.line AND n.column_name = r.column_name
