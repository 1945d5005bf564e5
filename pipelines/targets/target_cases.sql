-- target_cases: one row per target and fiscal year to be judged on its subject's sum. Members that were open for a part of
-- the year, that did not exist in the base year or that have no source count, and are listed as scope.
-- Under a target per m2 a member without a floor area leaves no verdict. Inputs: in_force, members, facility_states, floor_areas.
WITH notes AS (
    SELECT
        f.target_id, f.fiscal_year,
        string_agg(DISTINCT CASE
            WHEN s.is_partial THEN s.facility_id || ':partial_year'
            WHEN s.opened_on > make_date(f.base_fy, 4, 1) THEN s.facility_id || ':no_base_year'
            WHEN NOT s.has_source THEN s.facility_id || ':no_source' END, ';') AS scope_notes
    FROM in_force AS f
    JOIN members AS m ON m.target_id = f.target_id
    JOIN facility_states AS s
        ON s.facility_id = m.facility_id AND s.fiscal_year = f.fiscal_year
        AND s.last_open_day >= m.valid_from AND s.last_open_day < m.valid_to
    GROUP BY f.target_id, f.fiscal_year
)
SELECT
    'target/' || f.target_id AS subject_key, f.target_id, f.subject_kind, f.subject_id, NULL AS facility_id, f.fiscal_year, f.basis,
    f.base_fy, f.base_kg, f.allowed_num, f.allowed_den, f.allowed_as, CASE WHEN a.lacking IS NULL THEN a.m2_days END AS m2_days, a.days_in_year, f.path_status = 'indicative' AS is_inherited,
    CASE WHEN a.lacking IS NOT NULL THEN 'no_floor_area' END AS blockers,
    reason_list(concat_ws(';', n.scope_notes, array_to_string(list_transform(listed(a.lacking), lambda f: f || ':no_floor_area'), ';'))) AS scope_notes
FROM in_force AS f
LEFT JOIN notes AS n ON n.target_id = f.target_id AND n.fiscal_year = f.fiscal_year
LEFT JOIN floor_areas AS a
    ON f.allowed_as = 'per_m2' AND a.subject_key = 'target/' || f.target_id AND a.fiscal_year = f.fiscal_year
