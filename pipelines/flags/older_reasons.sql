-- older_reasons: every reason that keeps a closed year before the last one from a verdict, one finding each. What is told by a doubt or a
-- flag of the facility, in whatever year, is not told again. Inputs: facility_results, doubts, raised_flags. Parameter: last_closed.
SELECT r.facility_id, r.fiscal_year, r.reason
FROM (
    SELECT facility_id, fiscal_year, unnest(string_split(reasons, ';')) AS reason
    FROM facility_results
    WHERE reasons IS NOT NULL AND fiscal_year < CAST($last_closed AS INTEGER)) AS r
ANTI JOIN (SELECT facility_id, rule_id FROM doubts UNION SELECT facility_id, rule_id FROM raised_flags) AS told
    ON told.facility_id = r.facility_id AND told.rule_id = replace(r.reason, 'baseline:', '')
