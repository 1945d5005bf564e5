-- site_questions: one row per flag that is not confirmed, what is asked first, of it the gravest: the question and whose turn it is. Reads open_flags.
SELECT flag_id, facility_id, facility_name AS name, department, fiscal_year, message_ja AS ja, co2e_at_stake_kg AS stake, owner_post,
    owner_person_id, owner_name, state, opened_at
FROM open_flags
ORDER BY asking <> 'asked', asking = 'minor', severity <> 'error', co2e_at_stake_kg DESC NULLS LAST, facility_id, rule_id, flag_id
