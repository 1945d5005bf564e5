-- doubted_seasons: the histories (supply points) and months of the year whose periods are compared anew: where a month is touched; all of them
-- once the calendar month is another one, since more months are possible then, and where there are deliveries, which are held against whole
-- years. Inputs: touched_months, histories, meter_versions. Parameters: last_today, today.
SELECT DISTINCT h.history, (year(t.month) * 12 + month(t.month)) % 12 AS season
FROM touched_months AS t
JOIN histories AS h ON h.meter_id = t.meter_id
UNION
SELECT h.history, s.season
FROM histories AS h
CROSS JOIN (SELECT unnest(range(0, 12)) AS season) AS s
WHERE date_trunc('month', CAST($last_today AS DATE)) <> date_trunc('month', CAST($today AS DATE))
    OR h.history IN (SELECT d.history FROM histories AS d JOIN meter_versions AS v ON v.meter_id = d.meter_id WHERE v.reading_kind = 'delivery')
