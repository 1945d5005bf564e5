-- unknown_stations: one row per weather station that facilities name and of which nothing came, once weather came from any other.
-- Inputs: facilities, weather_days.
WITH received AS (
    SELECT DISTINCT station FROM weather_days
)
SELECT weather_station AS station, count(*) AS facilities, array_to_string(list(facility_id ORDER BY facility_id)[:3], ', ') AS some,
    (SELECT string_agg(station, ', ' ORDER BY station) FROM received) AS known
FROM facilities
WHERE weather_station NOT IN (FROM received) AND EXISTS (FROM received)
GROUP BY weather_station
