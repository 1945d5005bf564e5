-- facility_cases: one row per facility, fiscal year and basis, under the most specific target in force: facility, group,
-- department, operator, city. A facility inherits rate and path, never the base amount of a wider subject; what is
-- inherited or indicative is marked (準用・参考). An amount is never inherited; an amount per m2 is, but by a facility
-- of 0 m2. Of two targets at one level neither lends its numbers. blockers: why no
-- verdict is possible whatever the numbers say.
-- Inputs: in_force, members, facility_states, floor_areas.
WITH applicable AS (
    SELECT s.facility_id, s.fiscal_year, f.basis, f.target_id
    FROM facility_states AS s
    JOIN members AS m
        ON m.facility_id = s.facility_id AND s.last_open_day >= m.valid_from AND s.last_open_day < m.valid_to
    JOIN in_force AS f ON f.target_id = m.target_id AND f.fiscal_year = s.fiscal_year
    LEFT JOIN floor_areas AS a ON a.subject_key = 'facility/' || s.facility_id AND a.fiscal_year = s.fiscal_year
    WHERE f.subject_kind = 'facility' OR f.allowed_as = 'share' OR f.allowed_as = 'per_m2' AND (a.m2_days > 0 OR a.lacking IS NOT NULL)
    QUALIFY f.level = min(f.level) OVER (PARTITION BY s.facility_id, s.fiscal_year, f.basis)
),
chosen AS (
    SELECT facility_id, fiscal_year, basis, CASE WHEN count(*) = 1 THEN min(target_id) END AS target_id
    FROM applicable
    GROUP BY ALL
)
SELECT
    'facility/' || s.facility_id AS subject_key, g.target_id, 'facility' AS subject_kind, s.facility_id AS subject_id,
    s.facility_id, s.fiscal_year, coalesce(c.basis, 'plan') AS basis,
    g.base_fy, CASE WHEN g.subject_kind = 'facility' THEN g.base_kg END AS base_kg, g.allowed_num, g.allowed_den,
    g.allowed_as, CASE WHEN a.lacking IS NULL THEN a.m2_days END AS m2_days, a.days_in_year,
    coalesce(g.subject_kind <> 'facility' OR g.path_status = 'indicative', false) AS is_inherited,
    nullif(concat_ws(';',
        CASE WHEN c.basis IS NULL THEN 'no_target' WHEN g.target_id IS NULL THEN 'two_targets' END,
        CASE WHEN s.is_partial THEN 'partial_year' END,
        CASE WHEN s.has_readings_outside THEN 'outside_life' END,
        CASE WHEN a.lacking IS NOT NULL THEN 'no_floor_area' END,
        CASE WHEN g.allowed_as = 'share' AND s.opened_on > make_date(g.base_fy, 4, 1) AND (g.subject_kind <> 'facility' OR g.base_kg IS NULL)
            THEN 'no_base_year' END,
        CASE WHEN NOT s.has_source THEN 'no_source' END), '') AS blockers,
    NULL AS scope_notes
FROM facility_states AS s
LEFT JOIN chosen AS c ON c.facility_id = s.facility_id AND c.fiscal_year = s.fiscal_year
LEFT JOIN in_force AS g ON g.target_id = c.target_id AND g.fiscal_year = s.fiscal_year
LEFT JOIN floor_areas AS a
    ON g.allowed_as = 'per_m2' AND a.subject_key = 'facility/' || s.facility_id AND a.fiscal_year = s.fiscal_year
