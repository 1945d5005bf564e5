-- facilities: a facility's result of a fiscal year on a basis.
-- Reads facilities, facility_results.
SELECT r.facility_id, f.name, f.department, f.operator_id, f.use_class, r.fiscal_year, r.basis, r.target_id, r.verdict, r.is_inherited,
    r.actual_low_co2e_kg, r.actual_high_co2e_kg, r.baseline_low_co2e_kg, r.baseline_high_co2e_kg, r.allowed_co2e_kg,
    r.allowed_high_co2e_kg, r.coverage, r.reasons, r.year_state, r.collecting_note, r.method_marks
FROM facility_results AS r
JOIN facilities AS f ON f.facility_id = r.facility_id
WHERE r.fiscal_year = $year
ORDER BY r.facility_id, r.basis
