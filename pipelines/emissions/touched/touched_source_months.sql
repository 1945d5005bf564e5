-- touched_source_months: sources and months whose emissions may differ from the base: meters at work with their whole family (a
-- deduction that is not known makes the family's day unknown), days of activity that differ, and whatever finds another factor or
-- enters another year. Inputs: months_at_work, meter_allocations, energy_by_meter_day, activity_days, last.activity_days, and what differs
-- from the base: changed_factor_choices, changed_activity_choices, changed_activity_days, changed_bill_spans, changed_bill_years.
WITH families AS (
    SELECT DISTINCT meter_id, root_meter_id FROM meter_allocations
),
lives AS (
    SELECT meter_id, min(local_date) AS since, max(local_date) AS until FROM energy_by_meter_day GROUP BY meter_id
),
meters AS (
    SELECT meter_id, month AS since, month AS until FROM months_at_work
    UNION
    SELECT c.meter_id, greatest(c.valid_from, d.since), least(c.valid_to - 1, d.until)
    FROM changed_factor_choices AS c
    JOIN lives AS d ON d.meter_id = c.meter_id
    UNION
    SELECT d.meter_id, d.since, d.until
    FROM lives AS d
    WHERE d.meter_id IN (SELECT meter_id FROM changed_bill_spans UNION SELECT meter_id FROM changed_bill_years)
),
spans AS (
    SELECT DISTINCT 'meter' AS source_kind, f.meter_id AS source_id, m.since, m.until
    FROM meters AS m
    JOIN families AS o ON o.meter_id = m.meter_id
    JOIN families AS f ON f.root_meter_id = o.root_meter_id
    UNION
    SELECT 'activity', activity_source_id, local_date, local_date FROM changed_activity_days
    UNION
    SELECT 'activity', d.activity_source_id, min(d.local_date), max(d.local_date)
    FROM changed_activity_choices AS c
    JOIN (FROM activity_days UNION ALL FROM last.activity_days) AS d ON d.activity_source_id = c.activity_source_id
    GROUP BY d.activity_source_id
)
SELECT DISTINCT source_kind, source_id, CAST(unnest(months_of(since, until)) AS DATE) AS month
FROM spans
WHERE since <= until
