-- meter_gaps: one row per meter and run of days that are missing or doubtful, as they are counted today. Reads energy_by_meter_day, facilities.
WITH days AS (
    SELECT DISTINCT meter_id, facility_id, energy_type, state, local_date
    FROM energy_by_meter_day
    WHERE state IN ('missing', 'doubtful') AND facility_share <> 0 AND facility_id <> 'outside' AND is_energy(energy_type)
),
runs AS (
    SELECT *, local_date - CAST(row_number() OVER (PARTITION BY meter_id, facility_id, energy_type, state ORDER BY local_date) AS INTEGER) AS run
    FROM days
)
SELECT
    r.meter_id, r.facility_id, any_value(f.name) AS facility_name, r.energy_type, r.state, min(r.local_date) AS first_day,
    max(r.local_date) AS last_day, count(*) AS days
FROM runs AS r
JOIN facilities AS f ON f.facility_id = r.facility_id
GROUP BY r.meter_id, r.facility_id, r.energy_type, r.state, r.run
