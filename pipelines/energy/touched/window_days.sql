-- window_days: every day of the months that are looked at. Input: window_months.
SELECT meter_id, CAST(unnest(generate_series(CAST(month AS TIMESTAMP), last_day(month), INTERVAL 1 DAY)) AS DATE) AS local_date
FROM window_months
