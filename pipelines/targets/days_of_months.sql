-- days_of_months: every day of months of facilities. Input: months_to_see.
SELECT facility_id, CAST(unnest(generate_series(CAST(month AS TIMESTAMP), CAST(last_day(month) AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
FROM months_to_see
