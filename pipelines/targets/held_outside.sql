-- held_outside: one row per facility, fiscal year and basis in which values of a main meter or an activity source go on coming after its
-- validity has ended: whether the facility uses them is not known before valid_to is mended or the rows are discarded, so that its year,
-- and that of every subject with it, has no upper bound. A value that only runs over the end is none of them.
-- Inputs: held_back_rows, meters, activity_sources, emissions_by_source_month.
WITH ends AS (
    SELECT 'meter' AS source_kind, meter_id AS source_id, arg_max(facility_id, coalesce(valid_to, DATE '9999-12-31')) AS facility_id,
        max(coalesce(valid_to, DATE '9999-12-31')) AS valid_to
    FROM meters
    GROUP BY meter_id
    HAVING bool_or(coalesce(role, 'main') = 'main')
    UNION ALL
    SELECT 'activity', activity_source_id, arg_max(facility_id, coalesce(valid_to, DATE '9999-12-31')),
        max(coalesce(valid_to, DATE '9999-12-31'))
    FROM activity_sources
    GROUP BY activity_source_id
),
after AS (
    SELECT e.facility_id, h.source_kind, CAST(h.started_at AS DATE) AS first_date,
        CAST(h.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM held_back_rows AS h
    JOIN ends AS e ON e.source_kind = h.source_kind AND e.source_id = h.source_id
    WHERE h.rule_id = 'outside_validity' AND NOT h.is_discarded AND CAST(h.started_at AS DATE) >= e.valid_to
)
SELECT facility_id, fiscal_year, basis, min(greatest(first_date, make_date(fiscal_year, 4, 1))) AS first_date
FROM (
    SELECT facility_id, source_kind, first_date,
        CAST(unnest(range(fiscal_year_of(first_date), fiscal_year_of(last_date) + 1)) AS INTEGER) AS fiscal_year
    FROM after) AS y
JOIN (SELECT DISTINCT source_kind, basis FROM emissions_by_source_month) AS b ON b.source_kind = y.source_kind
GROUP BY facility_id, fiscal_year, basis
