-- act_parts: one row per meter, facility, share and period whose energy enters its operator's sum of sites, and which way:
-- 1 added, -1 taken off. What a meter adds counts if its own scope is site; what is taken off at a facility counts if the meter
-- it is taken from was counted. A sub-meter that is only shown (share 0) is taken off where it serves a tenant or vehicles
-- below a site's meter, and added where it serves the site below another. Exported power is taken off nowhere but at its
-- generator. takes_off: something is taken off in this meter's family. A facility counts with the operator it belongs to on each day,
-- and with its site (without one it is a site of its own); what is taken off, with the site of the meter it is taken from.
-- Inputs: meter_allocations, meters, facility_spans.
WITH versions AS (
    SELECT meter_id, parent_meter_id, coalesce(energy_act_scope, 'site') = 'site' AS is_site,
        coalesce(valid_from, DATE '0001-01-01') AS since, coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters
),
below AS (
    SELECT v.meter_id, greatest(v.since, p.since) AS since, least(v.until, p.until) AS until, p.is_site
    FROM versions AS v
    JOIN versions AS p ON p.meter_id = v.parent_meter_id AND p.since < v.until AND p.until > v.since
),
parts AS (
    SELECT a.meter_id, a.root_meter_id, a.facility_id, a.facility_share, greatest(a.valid_from, coalesce(b.since, a.valid_from)) AS since,
        least(a.valid_to, coalesce(b.until, a.valid_to)) AS until,
        CASE
            WHEN a.facility_share > 0 THEN CAST(a.energy_act_scope = 'site' AS INTEGER)
            WHEN a.facility_share < 0 THEN -CAST(coalesce(b.is_site, false) AS INTEGER)
            WHEN a.role = 'sub' THEN CAST(a.energy_act_scope = 'site' AS INTEGER) - CAST(coalesce(b.is_site, true) AS INTEGER)
            ELSE 0
        END AS direction
    FROM meter_allocations AS a
    LEFT JOIN below AS b
        ON a.facility_share <= 0 AND b.meter_id = a.meter_id AND b.since < a.valid_to AND b.until > a.valid_from
),
roots AS (
    SELECT meter_id, arg_max(facility_id, coalesce(valid_from, DATE '0001-01-01')) AS facility_id
    FROM meters
    GROUP BY meter_id
)
SELECT p.meter_id, p.root_meter_id, p.facility_id, p.facility_share, p.direction, s.operator_id, coalesce(h.site_id, h.facility_id) AS site_id,
    greatest(p.since, s.valid_from, h.valid_from) AS since, least(p.until, s.valid_to, h.valid_to) AS until,
    bool_or(p.direction < 0) OVER (PARTITION BY p.root_meter_id) AS takes_off
FROM parts AS p
JOIN facility_spans AS s ON s.facility_id = p.facility_id AND s.valid_from < p.until AND s.valid_to > p.since
JOIN roots AS r ON r.meter_id = p.root_meter_id
JOIN facility_spans AS h
    ON h.facility_id = CASE WHEN p.direction < 0 THEN r.facility_id ELSE p.facility_id END
    AND h.valid_from < least(p.until, s.valid_to) AND h.valid_to > greatest(p.since, s.valid_from)
WHERE p.direction <> 0 AND p.meter_id NOT IN (SELECT meter_id FROM meters WHERE NOT is_energy(energy_type))
