-- window_days: every meter and day of the windows. Input: day_windows.
SELECT meter_id, CAST(unnest(generate_series(CAST(since AS TIMESTAMP), CAST(until - 1 AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
FROM day_windows
