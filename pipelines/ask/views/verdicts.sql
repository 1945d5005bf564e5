-- verdicts: every verdict there is: of each target on its subject, and of each facility under the target that fits it best.
-- Reads target_results, facility_results, facilities, operators, groups.
SELECT
    'target' AS judged_by, r.subject_kind, r.subject_id, coalesce(f.name, o.name, g.name, r.subject_id) AS subject_name, r.fiscal_year, r.basis,
    r.target_id, r.is_inherited, r.verdict, r.year_state, r.baseline_low_co2e_kg, r.baseline_high_co2e_kg, r.allowed_co2e_kg,
    r.actual_low_co2e_kg, r.actual_high_co2e_kg, r.coverage, r.reasons, r.method_marks
FROM target_results AS r
LEFT JOIN facilities AS f ON r.subject_kind = 'facility' AND f.facility_id = r.subject_id
LEFT JOIN operators AS o ON r.subject_kind = 'operator' AND o.operator_id = r.subject_id
LEFT JOIN groups AS g ON r.subject_kind = 'group' AND g.group_id = r.subject_id
UNION ALL
SELECT
    'facility', 'facility', r.facility_id, f.name, r.fiscal_year, r.basis, r.target_id, r.is_inherited, r.verdict, r.year_state,
    r.baseline_low_co2e_kg, r.baseline_high_co2e_kg, r.allowed_co2e_kg, r.actual_low_co2e_kg, r.actual_high_co2e_kg, r.coverage, r.reasons,
    r.method_marks
FROM facility_results AS r
JOIN facilities AS f ON f.facility_id = r.facility_id
