-- shares_add_up: over all facilities and `outside`, the parts of a meter that counts add up to 1 on every day it is in force; what a
-- tenant or a sub-meter takes off is what its parent's facilities have of the parent, so that a family's net is main less
-- deductions. Inputs: meters, meter_shares, meter_allocations.
WITH versions AS (
    SELECT meter_id, facility_id, coalesce(role, 'main') AS role, parent_meter_id, greatest(coalesce(valid_from, DATE '1900-01-01'), DATE '1900-01-01') AS since,
        least(coalesce(valid_to, DATE '2200-01-01'), DATE '2200-01-01') AS until
    FROM meters
),
shares AS (
    SELECT meter_id, facility_id, share, coalesce(valid_from, DATE '0001-01-01') AS since, coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meter_shares
),
days AS (
    SELECT meter_id, role, facility_id, facility_share,
        greatest(0, least(valid_to, DATE '2200-01-01') - greatest(valid_from, DATE '1900-01-01')) AS days
    FROM meter_allocations
),
added AS (
    SELECT meter_id, sum(facility_share * days) FILTER (facility_share > 0) AS part_days,
        sum(days) FILTER (facility_share = 0) AS shown_days, sum(-facility_share * days) FILTER (facility_share < 0) AS taken_days
    FROM days GROUP BY meter_id
),
wanted AS (
    SELECT meter_id, sum(until - since) AS days, bool_and(role IN ('main', 'generation')) AS counts, bool_and(role = 'tenant_deduct') AS takes
    FROM versions GROUP BY meter_id
),
families AS (
    SELECT v.meter_id, p.meter_id AS parent_id, greatest(v.since, p.since) AS since, least(v.until, p.until) AS until
    FROM versions AS v JOIN versions AS p ON p.meter_id = v.parent_meter_id
    WHERE v.role = 'tenant_deduct'
),
parents AS (
    SELECT meter_id, sum(days) AS days
    FROM (
        SELECT meter_id, greatest(0, until - since) AS days FROM families
        UNION ALL
        SELECT f.meter_id, -s.share * greatest(0, least(f.until, s.until) - greatest(f.since, s.since))
        FROM families AS f JOIN shares AS s ON s.meter_id = f.parent_id
        WHERE s.facility_id = 'outside')
    GROUP BY meter_id
),
of_facilities AS (
    SELECT meter_id, facility_id, sum(facility_share * days) AS days FROM days WHERE role IN ('main', 'generation') GROUP BY ALL
),
parts AS (
    SELECT v.meter_id, v.facility_id AS home, s.facility_id, s.share * greatest(0, least(v.until, s.until) - greatest(v.since, s.since)) AS days
    FROM versions AS v JOIN shares AS s ON s.meter_id = v.meter_id
),
registered AS (
    SELECT meter_id, facility_id, sum(days) AS days
    FROM (
        SELECT meter_id, facility_id, days FROM parts
        UNION ALL SELECT meter_id, home, -days FROM parts
        UNION ALL SELECT meter_id, facility_id, until - since FROM versions)
    GROUP BY ALL
),
broken AS (
    SELECT w.meter_id
    FROM wanted AS w
    LEFT JOIN added AS a ON a.meter_id = w.meter_id
    LEFT JOIN parents AS p ON p.meter_id = w.meter_id
    WHERE coalesce(a.part_days, 0) + coalesce(a.shown_days, 0) IS DISTINCT FROM w.days
        OR w.counts AND a.taken_days IS NOT NULL OR w.takes AND a.taken_days IS DISTINCT FROM p.days
    UNION
    SELECT r.meter_id
    FROM registered AS r
    LEFT JOIN of_facilities AS f ON f.meter_id = r.meter_id AND f.facility_id = r.facility_id
    WHERE r.meter_id IN (SELECT meter_id FROM wanted WHERE counts) AND r.days <> coalesce(f.days, 0)
)
SELECT DISTINCT h.facility_id, NULL AS fiscal_year, b.meter_id
FROM broken AS b
JOIN (
    SELECT meter_id, facility_id FROM meters
    UNION SELECT meter_id, facility_id FROM meter_shares WHERE facility_id <> 'outside'
    UNION SELECT meter_id, facility_id FROM meter_allocations WHERE facility_id <> 'outside') AS h ON h.meter_id = b.meter_id
