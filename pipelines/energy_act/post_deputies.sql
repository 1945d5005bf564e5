-- post_deputies: one row per open facility, post and person who acts beside its holder today: appointments with acting_for,
-- between their dates, at that place. acting_for names the holder; where the post is vacant, or acting_for names nobody who
-- was ever appointed, the row acts for the post as such. Inputs: post_holders, facility_spans, appointments. Parameter: today.
SELECT
    h.facility_id, h.required_post, h.post, a.person_id, any_value(a.name ORDER BY a.appointed_on) AS name,
    any_value(a.acting_for ORDER BY a.appointed_on) AS acting_for, min(a.appointed_on) AS appointed_on,
    max(coalesce(a.ended_on, DATE '9999-12-31')) AS ended_on
FROM post_holders AS h
JOIN facility_spans AS s
    ON s.facility_id = h.facility_id AND CAST($today AS DATE) >= s.valid_from AND CAST($today AS DATE) < s.valid_to
JOIN appointments AS a
    ON a.post = h.post AND a.acting_for IS NOT NULL
    AND a.appointed_on <= CAST($today AS DATE) AND coalesce(a.ended_on, DATE '9999-12-31') > CAST($today AS DATE)
    AND (a.facility_id IS NULL OR a.facility_id = h.facility_id) AND (a.site_id IS NULL OR a.site_id = coalesce(s.site_id, s.facility_id))
    AND (a.department IS NULL OR a.department = s.department) AND (a.operator_id IS NULL OR a.operator_id = s.operator_id)
WHERE a.person_id IS DISTINCT FROM h.person_id
    AND (h.is_vacant OR a.acting_for = h.person_id OR a.acting_for NOT IN (SELECT person_id FROM appointments))
GROUP BY h.facility_id, h.required_post, h.post, a.person_id
