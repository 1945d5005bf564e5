-- expected_inputs: one row per meter and activity source in force today: until when there is data, and since when more is overdue.
-- Lateness by kind of reading, as for missing data. Inputs: meters, activity_sources, facilities, current_readings,
-- activity_readings. Parameters: today, bill_late_days, interval_late_days, activity_late_days.
WITH expected AS (
    SELECT
        'meter' AS source_kind, meter_id AS source_id, facility_id, energy_type AS source_type, reading_kind, valid_from,
        CASE WHEN reading_kind = 'interval' THEN $interval_late_days WHEN frequency = 'year' THEN $bill_late_days + 366 ELSE $bill_late_days END AS late_days
    FROM meters
    WHERE coalesce(valid_from, DATE '0001-01-01') <= CAST($today AS DATE) AND coalesce(valid_to, DATE '9999-12-31') > CAST($today AS DATE)
    UNION ALL
    SELECT 'activity', activity_source_id, facility_id, activity, 'activity', valid_from,
        $activity_late_days + CASE WHEN frequency = 'year' THEN 366 ELSE 0 END
    FROM activity_sources
    WHERE coalesce(valid_from, DATE '0001-01-01') <= CAST($today AS DATE) AND coalesce(valid_to, DATE '9999-12-31') > CAST($today AS DATE)
        AND derived_from IS NULL
),
seen AS (
    SELECT 'meter' AS source_kind, meter_id AS source_id, reading_kind, max(ended_at) AS until FROM current_readings GROUP BY ALL
    UNION ALL
    SELECT 'activity', activity_source_id, 'activity', max(ended_at) FROM activity_readings WHERE known_to IS NULL GROUP BY ALL
)
SELECT
    e.source_kind, e.source_id, e.facility_id, f.department, e.source_type, e.reading_kind, CAST(s.until AS DATE) AS covered_until,
    CAST(coalesce(CAST(s.until AS DATE), e.valid_from) + CAST(e.late_days AS INTEGER) AS DATE) AS expected_by,
    coalesce(CAST($today AS DATE) > coalesce(CAST(s.until AS DATE), e.valid_from) + CAST(e.late_days AS INTEGER), true) AS is_late
FROM expected AS e
JOIN facilities AS f ON f.facility_id = e.facility_id
LEFT JOIN seen AS s ON s.source_kind = e.source_kind AND s.source_id = e.source_id AND s.reading_kind = e.reading_kind
WHERE f.closed_on IS NULL OR f.closed_on > CAST($today AS DATE)
