-- result: the verdict of the facility-year, and that of the subject for which its target is set. Input: facility_results.
-- Reads target_paths, target_results, targets.
SELECT r.*, t.subject_kind, t.subject_id, t.base_fy,
    CASE WHEN t.subject_kind = 'facility' THEN t.base_co2e_t END AS own_base_co2e_t, t.target_fy, t.reduction_rate, t.allowed_co2e_t,
    t.allowed_co2e_kg_per_m2, t.path, t.source AS target_source, p.allowed_num, p.allowed_den, p.allowed_as, o.verdict AS target_verdict,
    o.is_inherited AS target_is_inherited
FROM facility_results AS r
LEFT JOIN targets AS t ON t.target_id = r.target_id
LEFT JOIN target_paths AS p ON p.target_id = r.target_id AND p.fiscal_year = r.fiscal_year
LEFT JOIN target_results AS o ON o.target_id = r.target_id AND o.fiscal_year = r.fiscal_year AND o.basis = r.basis
WHERE r.facility_id = $facility AND r.fiscal_year = $year AND r.basis = $basis
