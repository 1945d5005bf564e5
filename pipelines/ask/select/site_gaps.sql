-- site_gaps: one row per meter and run of days without data since the beginning of a fiscal year. Parameter: fiscal_year.
-- Reads meter_gaps.
SELECT facility_id, meter_id, energy_type, greatest(first_day, make_date(CAST($fiscal_year AS INTEGER), 4, 1)) AS first_day, last_day,
    CAST(last_day - greatest(first_day, make_date(CAST($fiscal_year AS INTEGER), 4, 1)) AS INTEGER) + 1 AS days
FROM meter_gaps
WHERE state = 'missing' AND last_day >= make_date(CAST($fiscal_year AS INTEGER), 4, 1)
ORDER BY facility_id, meter_id, first_day
