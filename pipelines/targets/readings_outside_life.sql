-- readings_outside_life: one row per facility, fiscal year and side of its life in which readings or activities other than
-- zero lie wholly before opened_on or after closed_on. The bill that runs over the day of closing is none of them.
-- Inputs: facilities, meter_allocations, current_readings, activity_sources, activity_readings. Parameter: today.
WITH bounded AS (
    SELECT facility_id, opened_on, closed_on FROM facilities WHERE opened_on IS NOT NULL OR closed_on IS NOT NULL
),
read AS (
    SELECT a.facility_id, r.meter_id AS source_id, CAST(r.started_at AS DATE) AS first_date,
        CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM current_readings AS r
    JOIN meter_allocations AS a
        ON a.meter_id = r.meter_id AND a.facility_share > 0 AND r.started_at >= a.valid_from AND r.started_at < a.valid_to
    WHERE r.quantity <> 0 AND a.facility_id IN (SELECT facility_id FROM bounded)
    UNION ALL
    SELECT s.facility_id, s.activity_source_id, CAST(r.started_at AS DATE), CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE)
    FROM activity_readings AS r
    JOIN activity_sources AS s
        ON s.activity_source_id = r.activity_source_id AND r.started_at >= coalesce(s.valid_from, DATE '0001-01-01')
        AND r.started_at < coalesce(s.valid_to, DATE '9999-12-31')
    WHERE r.known_to IS NULL AND r.quantity <> 0
),
outside AS (
    SELECT b.*, r.source_id, r.first_date, r.last_date, CASE WHEN r.first_date >= b.closed_on THEN 'after' ELSE 'before' END AS side
    FROM bounded AS b
    JOIN read AS r ON r.facility_id = b.facility_id AND (r.first_date >= b.closed_on OR r.last_date < b.opened_on)
    WHERE r.last_date < CAST($today AS DATE)
)
SELECT facility_id, CAST(y.fiscal_year AS INTEGER) AS fiscal_year, side, any_value(opened_on) AS opened_on,
    any_value(closed_on) AS closed_on, string_agg(DISTINCT source_id, ';' ORDER BY source_id) AS source_ids,
    min(greatest(first_date, make_date(y.fiscal_year, 4, 1))) AS first_date,
    max(least(last_date, make_date(y.fiscal_year + 1, 3, 31))) AS last_date
FROM (SELECT *, unnest(range(fiscal_year_of(first_date), fiscal_year_of(last_date) + 1)) AS fiscal_year FROM outside) AS y
GROUP BY facility_id, y.fiscal_year, side
