-- missed_is_flagged: a facility that missed its path in the running or the last closed fiscal year has its flag.
-- Inputs: facility_results, flags, build_inputs.
SELECT r.facility_id, r.fiscal_year, r.basis
FROM facility_results AS r
ANTI JOIN flags AS f ON f.rule_id = 'over_path' AND f.facility_id = r.facility_id AND f.fiscal_year = r.fiscal_year AND f.subject = r.basis
WHERE r.verdict = 'not_achieved'
    AND r.fiscal_year >= (SELECT fiscal_year_of(CAST(inputs_hash AS DATE)) - 1 FROM build_inputs WHERE kind = 'today')
