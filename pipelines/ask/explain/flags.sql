-- flags: what people must look at for this facility. Input: flags.
SELECT flag_id, rule_id, severity, fiscal_year, subject, message_ja, message_en, owner_post, owner_person_id, state, opened_at
FROM flags
WHERE facility_id = $facility AND fiscal_year = $year
ORDER BY severity, rule_id, flag_id
