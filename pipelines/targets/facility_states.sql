-- facility_states: one row per facility and fiscal year that it touches: is it open the whole year, does anything report.
-- No row for a year wholly outside [opened_on, closed_on), unless readings lie in it all the same: a facility that goes on
-- sending is not dropped. Inputs: facilities, meter_allocations, activity_sources, total_scopes, readings_outside_life, held_outside.
-- Parameters: first_year, this_year.
WITH years AS (
    SELECT unnest(range(CAST($first_year AS INTEGER), CAST($this_year AS INTEGER) + 1)) AS fiscal_year
),
touched AS (
    SELECT
        f.facility_id, CAST(y.fiscal_year AS INTEGER) AS fiscal_year, make_date(y.fiscal_year, 4, 1) AS year_start,
        make_date(y.fiscal_year + 1, 4, 1) AS year_end, coalesce(f.opened_on, DATE '0001-01-01') AS opened_on,
        coalesce(f.closed_on, DATE '9999-12-31') AS closed_on
    FROM facilities AS f
    CROSS JOIN years AS y
),
sources AS (
    SELECT facility_id, valid_from, valid_to FROM meter_allocations WHERE facility_share > 0
    UNION ALL
    SELECT facility_id, coalesce(valid_from, DATE '0001-01-01'), coalesce(valid_to, DATE '9999-12-31') FROM activity_sources
    UNION ALL
    SELECT facility_id, make_date(fiscal_year, 4, 1), make_date(fiscal_year + 1, 4, 1) FROM total_scopes
)
SELECT
    t.facility_id, t.fiscal_year, t.opened_on > t.year_start OR t.closed_on < t.year_end AS is_partial, t.opened_on,
    least(t.closed_on, t.year_end) - 1 AS last_open_day, o.facility_id IS NOT NULL AS has_readings_outside,
    EXISTS (SELECT 1 FROM sources AS s WHERE s.facility_id = t.facility_id
        AND s.valid_from < t.year_end AND s.valid_to > t.year_start) AS has_source
FROM touched AS t
LEFT JOIN (
    SELECT facility_id, fiscal_year FROM readings_outside_life
    UNION
    SELECT h.facility_id, h.fiscal_year FROM held_outside AS h
    JOIN facilities AS f ON f.facility_id = h.facility_id AND h.first_date >= f.closed_on) AS o
    ON o.facility_id = t.facility_id AND o.fiscal_year = t.fiscal_year
WHERE t.opened_on < t.year_end AND t.closed_on > t.year_start OR o.facility_id IS NOT NULL
