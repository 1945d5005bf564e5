-- total_scopes: one row per subject, and yearly total that speaks of a part of it (its suppliers and gases together; NF3 is not part of the
-- plan's total). level: 1 a facility's, 2 a department's, 3 an operator's. is_whole: all that it speaks of belongs to the subject over
-- the whole year. Inputs: yearly_total_emissions, facility_homes, facility_spans, members.
WITH totals AS (
    SELECT subject_kind, subject_id, operator_id, fiscal_year, basis, source_type,
        coalesce(sum(low_co2e_kg) FILTER (gas <> 'NF3'), 0) AS low,
        CASE WHEN count(high_co2e_kg) FILTER (gas <> 'NF3') = count(*) FILTER (gas <> 'NF3') THEN coalesce(sum(high_co2e_kg) FILTER (gas <> 'NF3'), 0) END AS high,
        string_agg(DISTINCT reasons, ';') AS reasons
    FROM yearly_total_emissions
    GROUP BY ALL
),
homes AS (
    SELECT *, coalesce(operator_id || '/' || department, 'facility/' || facility_id) AS department_node FROM facility_homes
),
scoped AS (
    SELECT t.*, h.facility_id, h.department_node, h.operator_id AS operator_node,
        CASE t.subject_kind WHEN 'facility' THEN 1 WHEN 'department' THEN 2 ELSE 3 END AS level,
        CASE t.subject_kind WHEN 'facility' THEN h.facility_id WHEN 'department' THEN h.department_node ELSE h.operator_id END AS node,
        count(*) OVER (PARTITION BY t.subject_kind, t.subject_id, t.operator_id, t.fiscal_year, t.basis, t.source_type) AS facilities
    FROM totals AS t
    JOIN homes AS h
        ON h.fiscal_year = t.fiscal_year AND CASE t.subject_kind WHEN 'facility' THEN h.facility_id = t.subject_id
            WHEN 'department' THEN h.department = t.subject_id AND h.operator_id = coalesce(t.operator_id, h.operator_id)
            ELSE h.operator_id = t.subject_id END
),
spans AS (
    SELECT facility_id, fiscal_year, count(*) AS spans
    FROM facility_spans
    JOIN (SELECT DISTINCT fiscal_year FROM totals) AS y
        ON valid_from < make_date(y.fiscal_year + 1, 4, 1) AND valid_to > make_date(y.fiscal_year, 4, 1)
    GROUP BY ALL
),
inside AS (
    SELECT m.subject_key, s.facility_id, s.fiscal_year, count(*) = any_value(s.spans) AS is_all
    FROM spans AS s
    JOIN members AS m
        ON m.facility_id = s.facility_id AND m.valid_from < make_date(s.fiscal_year + 1, 4, 1) AND m.valid_to > make_date(s.fiscal_year, 4, 1)
    GROUP BY m.subject_key, s.facility_id, s.fiscal_year
)
SELECT i.subject_key, s.fiscal_year, s.basis, s.level, s.node, any_value(s.facility_id) AS facility_id, any_value(s.department_node) AS department_node,
    any_value(s.operator_node) AS operator_node, s.source_type, CAST(any_value(s.low) AS DECIMAL(38, 9)) AS low,
    CAST(any_value(s.high) AS DECIMAL(38, 9)) AS high, any_value(s.reasons) AS reasons,
    count(*) FILTER (i.is_all) = any_value(s.facilities) AS is_whole
FROM scoped AS s
JOIN inside AS i ON i.facility_id = s.facility_id AND i.fiscal_year = s.fiscal_year
GROUP BY i.subject_key, s.fiscal_year, s.basis, s.level, s.node, s.source_type
