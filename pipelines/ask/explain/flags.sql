-- flags: what people must look at for this facility, whether they are asked, and the answer of an earlier year that was to stand. Inputs: flags, reviews.
SELECT f.flag_id, f.rule_id, f.severity, f.fiscal_year, f.subject, f.message_ja, f.message_en, f.owner_post, f.owner_person_id, f.state, f.opened_at,
    f.asking, f.asked_from, f.standing_decision_id, f.standing_until, f.standing_state, CAST(r.decided_at AS DATE) AS standing_on, r.post AS standing_post
FROM flags AS f
LEFT JOIN reviews AS r ON r.decision_id = f.standing_decision_id
WHERE f.facility_id = $facility AND f.fiscal_year = $year
ORDER BY f.severity, f.rule_id, f.flag_id
