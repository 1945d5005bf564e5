-- changed_verdicts: the cases whose verdict, target, bounds of what is allowed or judged facilities are new or differ from what
-- was published last, in a year once closed the actual amount and the reasons too. A case that is gone stands without verdict.
-- Inputs: present_verdicts, last_verdicts. Parameters: run_id, published_time, version.
SELECT
    $run_id AS run_id, CAST($published_time AS TIMESTAMP) AS published_time, $version AS version,
    coalesce(p.subject_key, l.subject_key) AS subject_key, coalesce(p.subject_kind, l.subject_kind) AS subject_kind,
    coalesce(p.subject_id, l.subject_id) AS subject_id, coalesce(p.fiscal_year, l.fiscal_year) AS fiscal_year,
    coalesce(p.basis, l.basis) AS basis, p.year_state,
    coalesce(p.is_closed, false) OR coalesce(l.is_closed, false) AS is_closed,
    p.* EXCLUDE (subject_key, subject_kind, subject_id, fiscal_year, basis, year_state, is_closed)
FROM present_verdicts AS p
FULL JOIN last_verdicts AS l ON l.subject_key = p.subject_key AND l.fiscal_year = p.fiscal_year AND l.basis = p.basis
WHERE (p.verdict IS DISTINCT FROM l.verdict OR p.target_id IS DISTINCT FROM l.target_id OR p.year_state IS DISTINCT FROM l.year_state
    OR p.baseline_low_co2e_kg IS DISTINCT FROM l.baseline_low_co2e_kg OR p.baseline_high_co2e_kg IS DISTINCT FROM l.baseline_high_co2e_kg
    OR p.allowed_co2e_kg IS DISTINCT FROM l.allowed_co2e_kg OR p.allowed_high_co2e_kg IS DISTINCT FROM l.allowed_high_co2e_kg
    OR p.facility_ids IS DISTINCT FROM l.facility_ids
    OR (p.is_closed OR l.is_closed) AND (p.actual_low_co2e_kg IS DISTINCT FROM l.actual_low_co2e_kg
        OR p.actual_high_co2e_kg IS DISTINCT FROM l.actual_high_co2e_kg OR p.reasons IS DISTINCT FROM l.reasons))
