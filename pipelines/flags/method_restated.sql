-- method_restated: what a new method alone changed in the verdicts of closed years, folded: one row per run and rule that now stands among the
-- reasons (none: `-`). Inputs: verdict_restatements, facility_results, target_results.
WITH cases AS (
    SELECT v.run_id, v.subject_key, v.subject_id, v.fiscal_year, v.basis, coalesce(f.reasons, t.reasons) AS reasons
    FROM verdict_restatements AS v
    LEFT JOIN facility_results AS f
        ON v.subject_key = 'facility/' || f.facility_id AND f.fiscal_year = v.fiscal_year AND f.basis = v.basis
    LEFT JOIN target_results AS t ON v.subject_key = 'target/' || t.target_id AND t.fiscal_year = v.fiscal_year
    WHERE v.causes = 'method'
),
ruled AS (
    SELECT *, unnest(string_split(coalesce(reasons, '-'), ';')) AS rule FROM cases
)
SELECT run_id, rule, count(*) AS cases, min(subject_key || '/FY' || fiscal_year) AS example
FROM ruled
GROUP BY run_id, rule
ORDER BY run_id, rule
