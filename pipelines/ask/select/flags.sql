-- flags: a question for a person, those that are asked first, the gravest of them first.
-- Reads facilities, flags, reviews.
SELECT f.flag_id, f.facility_id, coalesce(n.name, '') AS name, f.rule_id, f.severity, f.fiscal_year, f.message_ja AS ja, f.message_en AS en,
    f.co2e_at_stake_kg AS stake, concat_ws(' ', f.owner_post, f.owner_person_id) AS owner, f.state,
    f.question_id, f.asking, f.asked_from, f.standing_decision_id, f.standing_until, f.standing_state, CAST(r.decided_at AS DATE) AS standing_on,
    r.post AS standing_post
FROM flags AS f
LEFT JOIN facilities AS n ON n.facility_id = f.facility_id
LEFT JOIN reviews AS r ON r.decision_id = f.standing_decision_id
ORDER BY f.asking <> 'asked', f.asking = 'minor', f.severity <> 'error', f.co2e_at_stake_kg DESC NULLS LAST, f.facility_id, f.rule_id
