-- verdict_restated: every change of the verdict, target, allowed amount or judged facilities of a closed year, one finding each; what a
-- new method alone changed is folded by method_restated.
-- Inputs: verdict_restatements, targets.
SELECT subject_key, CASE WHEN subject_key = 'facility/' || r.subject_id THEN r.subject_id END AS facility_id, fiscal_year, r.basis, run_id,
    coalesce(before_verdict, 'no_verdict_row') AS before, coalesce(after_verdict, 'no_verdict_row') AS after,
    coalesce(before_target_id, '-') AS before_target, coalesce(after_target_id, '-') AS after_target,
    CAST(before_allowed_co2e_kg AS VARCHAR) AS before_allowed_kg, CAST(after_allowed_co2e_kg AS VARCHAR) AS after_allowed_kg,
    left_facility_ids AS left_ids, joined_facility_ids AS joined_ids, causes,
    is_of_path(subject_key, before_target_id, b.subject_kind, b.path_status) AS before_is_inherited,
    is_of_path(subject_key, after_target_id, a.subject_kind, a.path_status) AS after_is_inherited
FROM verdict_restatements AS r
LEFT JOIN targets AS b ON b.target_id = r.before_target_id
LEFT JOIN targets AS a ON a.target_id = r.after_target_id
WHERE causes <> 'method'
ORDER BY ALL
