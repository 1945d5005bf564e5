-- touched_facility_years: the facilities and fiscal years of the touched days, then and now.
-- Inputs: touched_meter_days, touched_activity_days, energy_by_meter_day, activity_days, and of the base the same.
WITH days AS (
    SELECT e.facility_id, e.local_date FROM energy_by_meter_day AS e SEMI JOIN touched_meter_days AS t USING (meter_id, local_date)
    UNION ALL
    SELECT e.facility_id, e.local_date FROM last.energy_by_meter_day AS e SEMI JOIN touched_meter_days AS t USING (meter_id, local_date)
    UNION ALL
    SELECT a.facility_id, a.local_date FROM activity_days AS a SEMI JOIN touched_activity_days AS t USING (activity_source_id, local_date)
    UNION ALL
    SELECT a.facility_id, a.local_date FROM last.activity_days AS a SEMI JOIN touched_activity_days AS t USING (activity_source_id, local_date)
)
SELECT DISTINCT facility_id, fiscal_year_of(local_date) AS fiscal_year FROM days
