-- allotting_conserves: per meter and day, what the facilities (and `outside`) get adds up to what was measured. Days
-- filled from similar ones are not measured; interpolated_days lists them.
-- Reads energy_by_meter_day, meter_allocations, meter_days.
WITH allotted AS (
    SELECT meter_id, local_date, time_band, unit, sum(quantity) FILTER (facility_share >= 0) AS quantity
    FROM energy_by_meter_day
    WHERE unit IS NOT NULL AND state <> 'interpolated'
    GROUP BY ALL
),
measured AS (
    SELECT d.meter_id, d.local_date, d.time_band, d.unit, d.quantity
    FROM meter_days AS d
    JOIN (SELECT DISTINCT meter_id, reading_kind, valid_from, valid_to FROM meter_allocations) AS v
        ON v.meter_id = d.meter_id AND v.reading_kind = d.reading_kind AND d.local_date >= v.valid_from AND d.local_date < v.valid_to
    ANTI JOIN interpolated_days AS i ON i.meter_id = d.meter_id AND i.local_date = d.local_date
)
SELECT m.meter_id, m.local_date, m.quantity AS measured, a.quantity AS allotted
FROM measured AS m
FULL JOIN allotted AS a
    ON a.meter_id = m.meter_id AND a.local_date = m.local_date AND a.time_band = m.time_band AND a.unit = m.unit
WHERE m.quantity IS DISTINCT FROM a.quantity
