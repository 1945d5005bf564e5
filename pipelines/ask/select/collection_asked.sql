-- collection_asked: a meter or activity source of which a department keeps figures in a span.
-- Reads activities, activity_sources, energy_types, facilities, facility_periods, meters.
SELECT 'meter' AS source_kind, m.meter_id AS source_id, m.facility_id, f.name, coalesce(p.department, f.department) AS department,
    e.name_ja AS what, m.reading_kind, m.unit, 'month' AS frequency,
    coalesce(m.valid_from, DATE '0001-01-01') AS since, coalesce(m.valid_to, DATE '9999-12-31') AS until
FROM meters AS m
JOIN facilities AS f ON f.facility_id = m.facility_id
JOIN energy_types AS e ON e.energy_type = m.energy_type
LEFT JOIN facility_periods AS p ON p.facility_id = m.facility_id AND p.department IS NOT NULL
    AND coalesce(p.valid_from, DATE '0001-01-01') <= $start AND coalesce(p.valid_to, DATE '9999-12-31') > $start
WHERE coalesce(m.valid_from, DATE '0001-01-01') < $end AND coalesce(m.valid_to, DATE '9999-12-31') > $start
    AND coalesce(f.opened_on, DATE '0001-01-01') < $end AND coalesce(f.closed_on, DATE '9999-12-31') > $start
    AND m.reading_kind <> 'interval'
UNION ALL
SELECT 'activity', s.activity_source_id, s.facility_id, f.name, coalesce(p.department, f.department), a.name_ja, 'activity', s.unit,
    s.frequency, coalesce(s.valid_from, DATE '0001-01-01'), coalesce(s.valid_to, DATE '9999-12-31')
FROM activity_sources AS s
JOIN facilities AS f ON f.facility_id = s.facility_id
LEFT JOIN (SELECT activity, any_value(name_ja) AS name_ja FROM activities GROUP BY activity) AS a ON a.activity = s.activity
LEFT JOIN facility_periods AS p ON p.facility_id = s.facility_id AND p.department IS NOT NULL
    AND coalesce(p.valid_from, DATE '0001-01-01') <= $start AND coalesce(p.valid_to, DATE '9999-12-31') > $start
WHERE coalesce(s.valid_from, DATE '0001-01-01') < $end AND coalesce(s.valid_to, DATE '9999-12-31') > $start
    AND coalesce(f.closed_on, DATE '9999-12-31') > $start AND s.derived_from IS NULL
ORDER BY ALL
