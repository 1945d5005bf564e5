-- in_force: one row per target and fiscal year in which it is in force: adopted before the year's end and not superseded
-- then. A later target never re-judges a closed year.
-- Amounts are in force from the first year they name. level: how specific the subject is.
-- Inputs: targets, target_paths.
SELECT
    t.target_id, t.subject_kind, t.subject_id, t.basis, t.base_fy, t.path_status, t.base_co2e_t * 1000 AS base_kg,
    p.fiscal_year, p.allowed_num, p.allowed_den, p.allowed_as,
    CASE t.subject_kind WHEN 'facility' THEN 1 WHEN 'group' THEN 2 WHEN 'department' THEN 3 WHEN 'operator' THEN 4 ELSE 5 END AS level
FROM targets AS t
JOIN target_paths AS p ON p.target_id = t.target_id
WHERE p.fiscal_year > t.base_fy AND t.adopted_on < make_date(p.fiscal_year + 1, 4, 1)
    AND (t.superseded_on IS NULL OR t.superseded_on >= make_date(p.fiscal_year + 1, 4, 1))
