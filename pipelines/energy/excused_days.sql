-- excused_days: the days of meters whose facility was closed, under works or struck by a disaster: zeros there are no question.
-- Inputs: facility_events, meter_versions.
SELECT DISTINCT v.meter_id,
    CAST(unnest(generate_series(CAST(greatest(e."from", v.since) AS TIMESTAMP),
        CAST(least(coalesce(e."to", v.until), v.until, e."from" + 3660) - 1 AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
FROM facility_events AS e
JOIN meter_versions AS v ON v.facility_id = e.facility_id AND e."from" < v.until AND coalesce(e."to", v.until) > v.since
WHERE e.kind IN ('closure', 'works', 'disaster')
