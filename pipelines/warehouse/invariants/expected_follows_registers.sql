-- expected_follows_registers: per facility, source and fiscal year, as many days are expected as the registers say: the meter is in
-- force, the facility has a part in it (its share, its home, or what is taken off there) and is open, the day is over and not
-- before the first base year. The home of a shared or deducted meter decides nothing; it has the days on which no share is in force
-- (shares add up to 1, so these are all days less the sum of shares).
-- Inputs: meters, meter_shares, facilities, activity_sources, targets, meter_days, build_inputs, emissions_by_source_month.
WITH bounds AS (
    SELECT (SELECT CAST(inputs_hash AS DATE) FROM build_inputs WHERE kind = 'today') AS today, make_date(coalesce(
        (SELECT min(base_fy) FROM targets), (SELECT fiscal_year_of(min(local_date)) FROM meter_days)), 4, 1) AS first_day
),
versions AS (
    SELECT meter_id, facility_id, coalesce(role, 'main') AS role, parent_meter_id, coalesce(valid_from, DATE '0001-01-01') AS since,
        coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters
    WHERE is_energy(energy_type)
),
shares AS (
    SELECT meter_id, facility_id, share, coalesce(valid_from, DATE '0001-01-01') AS since, coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meter_shares
),
own AS (
    SELECT meter_id, role, facility_id, since, until, 1 AS weight FROM versions
    UNION ALL
    SELECT v.meter_id, v.role, v.facility_id, greatest(v.since, s.since), least(v.until, s.until), -s.share
    FROM versions AS v JOIN shares AS s ON s.meter_id = v.meter_id
    UNION ALL
    SELECT v.meter_id, v.role, s.facility_id, greatest(v.since, s.since), least(v.until, s.until), 1
    FROM versions AS v JOIN shares AS s ON s.meter_id = v.meter_id
    WHERE s.share > 0
),
parts AS (
    SELECT meter_id, facility_id, since, until, weight FROM own WHERE role IN ('main', 'generation')
    UNION ALL
    SELECT v.meter_id, a.facility_id, greatest(v.since, a.since), least(v.until, a.until), a.weight
    FROM versions AS v JOIN own AS a ON a.meter_id = v.parent_meter_id
    WHERE v.role = 'tenant_deduct'
),
sources AS (
    FROM parts
    UNION ALL
    SELECT activity_source_id, facility_id, coalesce(valid_from, DATE '0001-01-01'), coalesce(valid_to, DATE '9999-12-31'), 1 FROM activity_sources
),
years AS (
    SELECT CAST(y AS INTEGER) AS fiscal_year FROM bounds, unnest(range(fiscal_year_of(first_day), fiscal_year_of(today) + 1)) AS t(y)
),
wanted AS (
    SELECT s.meter_id AS source_id, f.facility_id, y.fiscal_year, sum(s.weight * greatest(0,
        least(s.until, coalesce(f.closed_on, s.until), b.today, make_date(y.fiscal_year + 1, 4, 1))
        - greatest(s.since, coalesce(f.opened_on, s.since), b.first_day, make_date(y.fiscal_year, 4, 1)))) AS days
    FROM sources AS s
    JOIN facilities AS f ON f.facility_id = s.facility_id
    CROSS JOIN bounds AS b
    CROSS JOIN years AS y
    GROUP BY ALL
),
found AS (
    SELECT source_id, facility_id, fiscal_year, max(days) AS days
    FROM (
        SELECT source_id, facility_id, fiscal_year, basis, gas, sum(expected_days) AS days
        FROM emissions_by_source_month WHERE year_rule = 'by_day' GROUP BY ALL)
    GROUP BY ALL
)
SELECT w.facility_id, w.fiscal_year, w.source_id, w.days AS wanted, f.days AS found
FROM wanted AS w
LEFT JOIN found AS f ON f.source_id = w.source_id AND f.facility_id = w.facility_id AND f.fiscal_year = w.fiscal_year
WHERE w.days <> coalesce(f.days, 0)
