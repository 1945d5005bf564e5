-- post_holders: one row per open facility and post: who holds it today. The most specific appointment decides: facility,
-- site, department, operator. A deputy's row (acting_for) takes nothing from the holder: post_deputies. An operator that is not designated has neither 統括者 nor 企画推進者; the posts that
-- city.toml names instead act for them.
-- Inputs: facilities, facility_spans, operators, appointments, wanted_posts (post, fallback). Parameter: today.
WITH places AS (
    SELECT s.facility_id, s.operator_id, s.department, coalesce(s.site_id, s.facility_id) AS site_id, o.designation_no IS NOT NULL AS is_designated
    FROM facilities AS f
    JOIN facility_spans AS s
        ON s.facility_id = f.facility_id AND CAST($today AS DATE) >= s.valid_from AND CAST($today AS DATE) < s.valid_to
    JOIN operators AS o ON o.operator_id = s.operator_id
    WHERE coalesce(f.opened_on, DATE '0001-01-01') <= CAST($today AS DATE)
        AND coalesce(f.closed_on, DATE '9999-12-31') > CAST($today AS DATE)
),
needed AS (
    SELECT p.*, w.post AS required_post,
        CASE WHEN w.is_operator_post AND NOT p.is_designated THEN coalesce(w.fallback, w.post) ELSE w.post END AS post
    FROM places AS p
    CROSS JOIN wanted_posts AS w
),
held AS (
    SELECT n.facility_id, n.operator_id, n.is_designated, n.required_post, n.post, a.person_id, a.name, a.position, a.email,
        a.approval_document
    FROM needed AS n
    LEFT JOIN appointments AS a
        ON a.post = n.post AND a.acting_for IS NULL AND a.appointed_on <= CAST($today AS DATE) AND coalesce(a.ended_on, DATE '9999-12-31') > CAST($today AS DATE)
        AND (a.facility_id IS NULL OR a.facility_id = n.facility_id) AND (a.site_id IS NULL OR a.site_id = n.site_id)
        AND (a.department IS NULL OR a.department = n.department) AND (a.operator_id IS NULL OR a.operator_id = n.operator_id)
    QUALIFY row_number() OVER (
        PARTITION BY n.facility_id, n.required_post
        ORDER BY a.facility_id IS NULL, a.site_id IS NULL, a.department IS NULL, a.operator_id IS NULL, a.appointed_on DESC,
            a.person_id) = 1
)
SELECT facility_id, operator_id, is_designated, required_post, post, person_id, name, position, email, approval_document,
    person_id IS NULL AS is_vacant
FROM held
