-- start_gaps: a meter or activity source whose days are missing in a fiscal year, from when until when.
-- Days between deliveries wait for their closing (start_deliveries). Reads meter_gaps, meters, activity_days.
SELECT g.facility_id, g.meter_id AS source_id, g.energy_type AS source_type, min(g.first_day) AS first_day, max(g.last_day) AS last_day, sum(g.days) AS days
FROM meter_gaps AS g
WHERE g.state = 'missing' AND g.meter_id NOT IN (SELECT meter_id FROM meters WHERE reading_kind = 'delivery') AND g.first_day < make_date($year + 1, 4, 1) AND g.last_day >= make_date($year, 4, 1)
GROUP BY ALL
UNION ALL
SELECT a.facility_id, a.activity_source_id, a.activity, min(a.local_date), max(a.local_date), count(*)
FROM activity_days AS a
WHERE a.state = 'missing' AND a.local_date >= make_date($year, 4, 1) AND a.local_date < make_date($year + 1, 4, 1)
GROUP BY ALL
ORDER BY ALL
