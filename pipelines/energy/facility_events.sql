-- facility_events: one row per facility and event. A row of events of a use class stands at each facility that is of that class on its first day; a yearly one
-- in each year from its first on, until a year from today. Where several fall on one day, the longest.
-- Inputs: events, facilities, facility_periods. Parameter: today.
WITH spans AS (
    SELECT e.facility_id, e.use_class, e.kind, e.note, CAST(e."from" + to_years(CAST(n AS INTEGER)) AS DATE) AS since,
        CAST(e."to" + to_years(CAST(n AS INTEGER)) AS DATE) AS until
    FROM events AS e
    CROSS JOIN range(0, 100) AS years(n)
    WHERE n = 0 OR e.yearly = 'yearly' AND e."from" + to_years(CAST(n AS INTEGER)) <= CAST($today AS DATE) + INTERVAL 1 YEAR
),
placed AS (
    SELECT facility_id, since, until, kind, note FROM spans WHERE facility_id IS NOT NULL
    UNION ALL
    SELECT f.facility_id, s.since, s.until, s.kind, s.note
    FROM spans AS s
    JOIN facilities AS f ON true
    LEFT JOIN facility_periods AS p
        ON p.facility_id = f.facility_id AND coalesce(p.valid_from, DATE '0001-01-01') <= s.since AND coalesce(p.valid_to, DATE '9999-12-31') > s.since
    WHERE s.facility_id IS NULL AND coalesce(p.use_class, f.use_class) = s.use_class
)
SELECT facility_id, since AS "from", nullif(max(coalesce(until, DATE '9999-12-31')), DATE '9999-12-31') AS "to", kind, string_agg(DISTINCT note, ' / ' ORDER BY note) AS note
FROM placed
GROUP BY facility_id, since, kind
