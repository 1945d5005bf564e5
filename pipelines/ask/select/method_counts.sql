-- method_counts: one row: what the city has, and the constants of the Act that the statement quotes.
-- Reads activity_sources, facilities, heat_contents, meters, operators, publications, thresholds.
SELECT (SELECT count(*) FROM facilities) AS facilities, (SELECT count(*) FROM operators) AS operators,
    (SELECT count(DISTINCT meter_id) FROM meters) AS meters,
    (SELECT count(DISTINCT activity_source_id) FROM activity_sources) AS activities,
    (SELECT CAST(value AS DECIMAL(9, 4)) FROM heat_contents WHERE key = 'crude_oil_equivalent') AS crude,
    (SELECT CAST(value AS INTEGER) FROM thresholds WHERE threshold_id = 'day_tariff_from') AS day_from,
    (SELECT CAST(value AS INTEGER) FROM thresholds WHERE threshold_id = 'day_tariff_to') AS day_to,
    (SELECT version FROM publications ORDER BY rowid DESC LIMIT 1) AS version,
    (SELECT today FROM publications ORDER BY rowid DESC LIMIT 1) AS today
