-- touched_meter_days: the days of the touched months of meters. Input: touched_source_months.
SELECT source_id AS meter_id,
    CAST(unnest(generate_series(CAST(month AS TIMESTAMP), last_day(month), INTERVAL 1 DAY)) AS DATE) AS local_date
FROM touched_source_months
WHERE source_kind = 'meter'
