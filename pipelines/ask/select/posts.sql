-- posts: a post that a facility needs, and who holds it.
-- Reads facilities, post_holders.
SELECT p.facility_id, f.name AS facility_name, p.required_post, p.post, p.person_id, p.name, p.position, p.is_vacant
FROM post_holders AS p
JOIN facilities AS f ON f.facility_id = p.facility_id
ORDER BY p.facility_id, p.required_post
