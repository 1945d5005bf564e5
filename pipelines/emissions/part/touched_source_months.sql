-- touched_source_months: sources and months whose emissions may differ from the last publication: meters at work with their whole
-- family (a deduction that is not known makes the family's day unknown), days of activity that differ, and whatever finds another
-- factor or enters another year. Inputs: months_at_work, meter_allocations, factor_choices, activity_choices, activity_days,
-- bill_spans, bill_years, energy_by_meter_day, and of the last publication the same.
WITH families AS (
    SELECT DISTINCT meter_id, root_meter_id FROM meter_allocations
),
factors AS (
    FROM (FROM factor_choices EXCEPT FROM last.factor_choices)
    UNION ALL FROM (FROM last.factor_choices EXCEPT FROM factor_choices)
),
activity_factors AS (
    FROM (FROM activity_choices EXCEPT FROM last.activity_choices)
    UNION ALL FROM (FROM last.activity_choices EXCEPT FROM activity_choices)
),
activity AS (
    FROM (FROM activity_days EXCEPT FROM last.activity_days)
    UNION ALL FROM (FROM last.activity_days EXCEPT FROM activity_days)
),
bills AS (
    SELECT meter_id FROM (FROM bill_spans EXCEPT FROM last.bill_spans)
    UNION SELECT meter_id FROM (FROM last.bill_spans EXCEPT FROM bill_spans)
    UNION SELECT meter_id FROM (FROM bill_years EXCEPT FROM last.bill_years)
    UNION SELECT meter_id FROM (FROM last.bill_years EXCEPT FROM bill_years)
),
meters AS (
    SELECT meter_id, month AS since, month AS until FROM months_at_work
    UNION
    SELECT c.meter_id, greatest(c.valid_from, d.since), least(c.valid_to - 1, d.until)
    FROM factors AS c
    JOIN (SELECT meter_id, min(local_date) AS since, max(local_date) AS until FROM energy_by_meter_day GROUP BY meter_id) AS d
        ON d.meter_id = c.meter_id
    UNION
    SELECT b.meter_id, min(d.local_date), max(d.local_date) FROM bills AS b JOIN energy_by_meter_day AS d ON d.meter_id = b.meter_id GROUP BY b.meter_id
),
spans AS (
    SELECT DISTINCT 'meter' AS source_kind, f.meter_id AS source_id, m.since, m.until
    FROM meters AS m
    JOIN families AS o ON o.meter_id = m.meter_id
    JOIN families AS f ON f.root_meter_id = o.root_meter_id
    UNION
    SELECT 'activity', activity_source_id, local_date, local_date FROM activity
    UNION
    SELECT 'activity', d.activity_source_id, min(d.local_date), max(d.local_date)
    FROM activity_factors AS c
    JOIN (FROM activity_days UNION ALL FROM last.activity_days) AS d ON d.activity_source_id = c.activity_source_id
    GROUP BY d.activity_source_id
)
SELECT DISTINCT source_kind, source_id,
    CAST(unnest(generate_series(date_trunc('month', CAST(since AS TIMESTAMP)), CAST(until AS TIMESTAMP), INTERVAL 1 MONTH)) AS DATE) AS month
FROM spans
WHERE since <= until
