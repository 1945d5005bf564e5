-- floor_areas: one row per subject and fiscal year in which a target per m2 is in force: the floor area of its facilities times the days
-- on which they were open and belonged to it, the days of the year, and the facilities whose area no row of the register tells for all
-- of these days (a row with 0 tells it). Inputs: in_force, members, facilities, facility_facts.
WITH years AS (
    SELECT DISTINCT fiscal_year, make_date(fiscal_year, 4, 1) AS starts, make_date(fiscal_year + 1, 4, 1) AS ends
    FROM in_force WHERE allowed_as = 'per_m2'
),
open AS (
    SELECT m.subject_key, y.fiscal_year, y.ends - y.starts AS days_in_year, m.facility_id,
        greatest(m.valid_from, coalesce(f.opened_on, y.starts), y.starts) AS since,
        least(m.valid_to, coalesce(f.closed_on, y.ends), y.ends) AS until
    FROM years AS y
    JOIN members AS m ON m.valid_from < y.ends AND m.valid_to > y.starts
    JOIN facilities AS f ON f.facility_id = m.facility_id
),
known AS (
    SELECT o.subject_key, o.fiscal_year, o.facility_id, o.since, a.floor_area_m2,
        least(o.until, coalesce(a.valid_to, o.until)) - greatest(o.since, coalesce(a.valid_from, o.since)) AS days
    FROM open AS o
    JOIN facility_facts AS a
        ON a.facility_id = o.facility_id AND a.floor_area_m2 IS NOT NULL AND coalesce(a.valid_from, o.since) < o.until
        AND coalesce(a.valid_to, o.until) > o.since
),
told AS (
    SELECT o.*, coalesce(sum(k.days), 0) AS told_days, sum(k.floor_area_m2 * k.days) AS m2_days
    FROM open AS o
    LEFT JOIN known AS k
        ON k.subject_key = o.subject_key AND k.fiscal_year = o.fiscal_year AND k.facility_id = o.facility_id AND k.since = o.since
    WHERE o.since < o.until
    GROUP BY ALL
)
SELECT subject_key, fiscal_year, CAST(coalesce(sum(m2_days), 0) AS DECIMAL(28, 3)) AS m2_days, any_value(days_in_year) AS days_in_year,
    string_agg(DISTINCT CASE WHEN told_days < until - since THEN facility_id END, ';') AS lacking
FROM told
GROUP BY subject_key, fiscal_year
