-- start_verdicts: a facility that has no 達成 or 未達 of a fiscal year, and each reason why; one row per facility and reason, of its own year or
-- of its baseline, with the base year. Reads facility_results, facilities, targets.
SELECT
    r.facility_id, f.name AS facility_name, coalesce(f.department, '') AS department, coalesce(f.operator_id, '') AS operator_id,
    trim(unnest(string_split(coalesce(nullif(r.reasons, ''), 'unknown'), ';'))) AS reason, t.base_fy
FROM facility_results AS r
JOIN facilities AS f ON f.facility_id = r.facility_id
LEFT JOIN targets AS t ON t.target_id = r.target_id
WHERE r.fiscal_year = $year AND r.basis = 'plan' AND r.verdict = 'undeterminable'
ORDER BY r.facility_id, reason
