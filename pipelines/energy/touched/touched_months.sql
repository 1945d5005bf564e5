-- touched_months: the months of a meter in which a day may count otherwise than in the base: new values, with the bill after them, which
-- its register readings may prove by theirs; days that are over since; meters whose override is looked at; energy that is chosen otherwise.
-- Inputs: touched_days, readings, touched_owners, meter_days, meter_versions, overrides, last.energy_by_meter_day, last.internal.meter_days,
-- changed_energy_choices. Parameters: last_today, first_day (none is expected before), today.
WITH spans AS (
    SELECT DISTINCT meter_id, date_trunc('month', local_date) AS since, since AS until FROM touched_days
    UNION ALL
    SELECT r.meter_id, CAST(r.started_at AS DATE), CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE)
    FROM readings AS r
    SEMI JOIN touched_days AS t
        ON t.meter_id = r.meter_id AND t.reading_kind = r.reading_kind AND t.local_date = CAST(r.started_at - INTERVAL 1 MICROSECOND AS DATE)
    WHERE r.known_to IS NULL AND r.reading_kind = 'bill' AND r.index_before IS NOT NULL
    UNION ALL
    SELECT d.meter_id, min(d.local_date), max(d.local_date)
    FROM (SELECT meter_id, reading_kind, local_date FROM meter_days UNION ALL SELECT meter_id, reading_kind, local_date FROM last.internal.meter_days) AS d
    SEMI JOIN touched_owners AS t ON t.meter_id = d.meter_id AND t.reading_kind = d.reading_kind
    GROUP BY d.meter_id
    UNION ALL
    SELECT DISTINCT meter_id, greatest(CAST($last_today AS DATE), CAST($first_day AS DATE)), CAST($today AS DATE) FROM meter_versions
    UNION ALL
    SELECT source_id, since, until - 1 FROM overrides WHERE source_kind = 'meter'
    UNION ALL
    SELECT DISTINCT meter_id, local_date, local_date FROM last.energy_by_meter_day WHERE overridden IS NOT NULL
    UNION ALL
    SELECT c.meter_id, greatest(c.valid_from, d.since), least(c.valid_to - 1, d.until)
    FROM changed_energy_choices AS c
    JOIN (SELECT meter_id, min(local_date) AS since, max(local_date) AS until FROM meter_days GROUP BY meter_id) AS d ON d.meter_id = c.meter_id
)
SELECT DISTINCT meter_id, CAST(unnest(months_of(since, until)) AS DATE) AS month
FROM spans
WHERE since <= until
