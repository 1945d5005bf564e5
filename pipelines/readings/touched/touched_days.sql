-- touched_days: meter, kind and day of every new value of intervals and bills. Input: checked (new values).
WITH spans AS (
    SELECT DISTINCT owner_id, kind, CAST(started_at AS DATE) AS first_date, CAST(ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM checked
    WHERE rule_id IS NULL AND kind IN ('interval', 'bill')
)
SELECT DISTINCT owner_id AS meter_id, kind AS reading_kind,
    CAST(unnest(generate_series(CAST(first_date AS TIMESTAMP), CAST(last_date AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
FROM spans
