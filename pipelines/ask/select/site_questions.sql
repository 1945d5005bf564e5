-- site_questions: one row per question that is not confirmed, the gravest first: what is asked and whose turn it is.
-- Reads flags, facilities, post_holders.
SELECT f.flag_id, f.facility_id, n.name, n.department, f.rule_id, f.severity, f.fiscal_year, f.message_ja AS ja, f.co2e_at_stake_kg AS stake,
    f.owner_post, f.owner_person_id, (SELECT min(h.name) FROM post_holders AS h WHERE h.person_id = f.owner_person_id) AS owner_name,
    f.state, f.opened_at
FROM flags AS f
JOIN facilities AS n ON n.facility_id = f.facility_id
WHERE f.state <> 'confirmed'
ORDER BY f.severity <> 'error', f.co2e_at_stake_kg DESC NULLS LAST, f.facility_id, f.rule_id, f.flag_id
