-- stamped_cells: the typed cells with the period each value stands for, still unchecked.
-- A stamp a few seconds beside the minute (Excel keeps times as fractions of a day) is moved onto it; how many were is counted.
-- Where a row counts the days of its period, they must agree (days_disagree). Where the layout does not say whether the end is the last
-- day, most rows of the table decide by their days; as many for as against is no decision.
-- A period that runs from the row before is at most as long as the layout says, and most_days of the meter's usual one in the file.
-- Inputs: typed_cells, moment_words (texts that people wrote another way), missing_marks. Macros: stamp_tolerance (seconds), days_of, most_days.
WITH read AS (
    SELECT
        c.* EXCLUDE (started, ended), snapped(coalesce(c.started, s.moment), stamp_tolerance()) AS base,
        snapped(coalesce(c.ended, e.moment), stamp_tolerance()) AS base_end,
        coalesce(c.started, s.moment) IS DISTINCT FROM snapped(coalesce(c.started, s.moment), stamp_tolerance())
            OR coalesce(c.ended, e.moment) IS DISTINCT FROM snapped(coalesce(c.ended, e.moment), stamp_tolerance()) AS is_snapped,
        days_of(c.days_text) AS days
    FROM typed_cells AS c
    LEFT JOIN moment_words AS s ON c.started IS NULL AND s.text = c.started_text AND s.form = c.form AND s.utc_minutes IS NOT DISTINCT FROM c.utc_minutes
    LEFT JOIN moment_words AS e ON c.ended IS NULL AND e.text = c.ended_text AND e.form = c.form AND e.utc_minutes IS NOT DISTINCT FROM c.utc_minutes
),
in_order AS (
    SELECT file_no, line, column_name, key, base, lead(base) OVER rows_of_meter AS next_start, lag(base) OVER rows_of_meter AS previous
    FROM read
    WHERE until_next OR from_previous
    WINDOW rows_of_meter AS (PARTITION BY file_no, key, column_name ORDER BY base, line)
),
neighbours AS (
    SELECT file_no, line, column_name, next_start, previous,
        CAST(most_days(median(date_diff('day', previous, base)) FILTER (previous < base) OVER (PARTITION BY file_no, key, column_name)) AS INTEGER)
            AS most_days_apart
    FROM in_order
),
evidence AS (
    SELECT file_no, count(DISTINCT line) FILTER (days = date_diff('day', base, base_end) + 1) AS lines_for_last_day,
        count(DISTINCT line) FILTER (days = date_diff('day', base, base_end)) AS lines_for_day_after
    FROM read
    WHERE days_decide
    GROUP BY file_no
),
placed AS (
    SELECT
        r.* REPLACE (least(r.longest_days, n.most_days_apart) AS longest_days),
        CASE WHEN month_of_year IS NOT NULL THEN base + to_months(month_of_year) WHEN months > 0 THEN base
            WHEN months < 0 THEN base + INTERVAL 1 DAY + to_months(months)
            WHEN from_previous THEN coalesce(n.previous, base - to_days(days)) + to_minutes(end_shift_minutes)
            ELSE base + to_minutes(start_minutes) END AS started_at,
        CASE WHEN month_of_year IS NOT NULL THEN base + to_months(month_of_year + 1) WHEN months > 0 THEN base + to_months(months)
            WHEN months < 0 THEN base + INTERVAL 1 DAY
            WHEN from_previous THEN base + to_minutes(end_shift_minutes)
            WHEN until_next THEN n.next_start
            WHEN end_minutes IS NOT NULL THEN base + to_minutes(end_minutes)
            WHEN v.lines_for_last_day > v.lines_for_day_after THEN base_end + INTERVAL 1 DAY
            ELSE base_end + to_minutes(end_shift_minutes) END AS ended_at,
        from_previous OR until_next OR months <> 0 OR end_minutes IS NOT NULL OR month_of_year IS NOT NULL AS end_is_implied,
        coalesce(v.lines_for_last_day = v.lines_for_day_after AND v.lines_for_last_day > 0, false) AS days_undecided
    FROM read AS r
    LEFT JOIN neighbours AS n ON n.file_no = r.file_no AND n.line = r.line AND n.column_name = r.column_name
    LEFT JOIN evidence AS v ON v.file_no = r.file_no
)
SELECT
    *, coalesce(days_text, '') <> '' AND days_text NOT IN (SELECT text FROM missing_marks)
        AND (days_undecided OR days IS DISTINCT FROM date_diff('day', started_at, ended_at)) AS days_disagree
FROM placed
