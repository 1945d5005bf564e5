-- outside_rows: one row per value held back that reaches beyond the validity of its meter or activity source: after the end of its last
-- row of the register, or wholly before its first one (a first bill that only runs over the start is none of them). Nothing of it
-- counts, so that a date in a register could hide what is used. facility_id, role: those of the row of the register beside it.
-- Inputs: held_back_rows, meters, activity_sources.
WITH validity AS (
    SELECT 'meter' AS source_kind, meter_id AS source_id, facility_id, coalesce(role, 'main') AS role, valid_from, valid_to FROM meters
    UNION ALL
    SELECT 'activity', activity_source_id, facility_id, 'main', valid_from, valid_to FROM activity_sources
),
edges AS (
    SELECT source_kind, source_id, 'after' AS side, max(coalesce(valid_to, DATE '9999-12-31')) AS valid_on,
        arg_max(facility_id, coalesce(valid_to, DATE '9999-12-31')) AS facility_id, bool_or(role = 'main') AS is_main
    FROM validity
    GROUP BY source_kind, source_id
    UNION ALL
    SELECT source_kind, source_id, 'before', min(coalesce(valid_from, DATE '0001-01-01')),
        arg_min(facility_id, coalesce(valid_from, DATE '0001-01-01')), bool_or(role = 'main')
    FROM validity
    GROUP BY source_kind, source_id
)
SELECT e.side, e.facility_id, e.is_main, e.valid_on, h.source_kind, h.source_id, h.source_sha256, h.source_member, h.source_line, h.source_column,
    h.started_at, h.ended_at, CASE WHEN e.side = 'after' THEN h.started_at >= e.valid_on ELSE true END AS is_wholly
FROM held_back_rows AS h
JOIN edges AS e ON e.source_kind = h.source_kind AND e.source_id = h.source_id
WHERE h.rule_id = 'outside_validity' AND CASE WHEN e.side = 'after' THEN CAST(h.ended_at AS DATE) > e.valid_on ELSE h.ended_at <= e.valid_on END
