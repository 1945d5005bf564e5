-- verdict_restated: every change of the verdict, target, allowed amount or judged facilities of a closed year, one finding each; what a
-- new method alone changed is folded by method_restated.
-- Input: verdict_restatements.
SELECT subject_key, CASE WHEN subject_key = 'facility/' || subject_id THEN subject_id END AS facility_id, fiscal_year, basis, run_id,
    coalesce(before_verdict, 'no_verdict_row') AS before, coalesce(after_verdict, 'no_verdict_row') AS after,
    coalesce(before_target_id, '-') AS before_target, coalesce(after_target_id, '-') AS after_target,
    CAST(before_allowed_co2e_kg AS VARCHAR) AS before_allowed_kg, CAST(after_allowed_co2e_kg AS VARCHAR) AS after_allowed_kg,
    left_facility_ids AS left_ids, joined_facility_ids AS joined_ids, causes
FROM verdict_restatements
WHERE causes <> 'method'
ORDER BY ALL
