-- facility_spans: one row per facility and period with the same operator, department, use class, site and groups.
-- A dated row of facility_periods wins over facilities.csv; a move changes no earlier year.
-- Inputs: facilities, facility_periods, group_members.
WITH edges AS (
    SELECT facility_id, DATE '0001-01-01' AS edge FROM facilities
    UNION SELECT facility_id, DATE '9999-12-31' FROM facilities
    UNION SELECT facility_id, unnest([valid_from, valid_to]) FROM facility_periods
    UNION SELECT facility_id, unnest([valid_from, valid_to]) FROM group_members
),
pieces AS (
    SELECT facility_id, edge AS since, lead(edge) OVER (PARTITION BY facility_id ORDER BY edge) AS until
    FROM edges
    WHERE edge IS NOT NULL
)
SELECT
    p.facility_id, p.since AS valid_from, p.until AS valid_to, coalesce(d.operator_id, f.operator_id) AS operator_id,
    coalesce(d.department, f.department) AS department, coalesce(d.use_class, f.use_class) AS use_class,
    coalesce(d.designated_manager, f.designated_manager) AS designated_manager, d.site_id
FROM pieces AS p
JOIN facilities AS f ON f.facility_id = p.facility_id
LEFT JOIN facility_periods AS d
    ON d.facility_id = p.facility_id AND p.since >= coalesce(d.valid_from, DATE '0001-01-01')
    AND p.since < coalesce(d.valid_to, DATE '9999-12-31')
WHERE p.until IS NOT NULL
