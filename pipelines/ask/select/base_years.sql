-- base_years: a line of a base year of a target that has several which differ.
-- Reads base_year_lines, targets.
SELECT l.*, t.subject_kind, t.subject_id
FROM base_year_lines AS l
JOIN targets AS t ON t.target_id = l.target_id
QUALIFY count(DISTINCT l.co2e_kg) OVER (PARTITION BY l.target_id) > 1
ORDER BY l.target_id, l.line
