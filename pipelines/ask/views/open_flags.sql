-- open_flags: what somebody still has to do: flags that are not confirmed, with the names of facility and owner, and the answer of an
-- earlier year that was to stand for it. Reads flags, facilities, appointments, reviews.
WITH people AS (
    SELECT person_id, any_value(name ORDER BY appointed_on DESC) AS name FROM appointments GROUP BY person_id
)
SELECT
    f.flag_id, f.facility_id, n.name AS facility_name, n.department, f.rule_id, f.severity, f.fiscal_year, f.message_ja, f.message_en,
    f.co2e_at_stake_kg, f.owner_post, f.owner_person_id, p.name AS owner_name, f.state, f.opened_at,
    f.question_id, f.asking, f.asked_on, f.asked_from, f.standing_decision_id, f.standing_until, f.standing_state,
    CAST(r.decided_at AS DATE) AS standing_on, r.post AS standing_post
FROM flags AS f
LEFT JOIN facilities AS n ON n.facility_id = f.facility_id
LEFT JOIN people AS p ON p.person_id = f.owner_person_id
LEFT JOIN reviews AS r ON r.decision_id = f.standing_decision_id
WHERE f.state <> 'confirmed'
