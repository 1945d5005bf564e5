-- promoters: one row per facility, closed ones too: who holds the post of 企画推進者 for it; the holder of its operator where the
-- facility itself has no row of posts. Inputs: facility_spans, post_holders. Parameters: post, today.
WITH today_spans AS (
    SELECT * FROM facility_spans WHERE CAST($today AS DATE) >= valid_from AND CAST($today AS DATE) < valid_to
),
of_operator AS (
    SELECT s.operator_id, min(p.person_id) AS person_id
    FROM post_holders AS p
    JOIN today_spans AS s ON s.facility_id = p.facility_id
    WHERE p.required_post = $post AND p.person_id IS NOT NULL
    GROUP BY s.operator_id
)
SELECT s.facility_id, coalesce(p.person_id, o.person_id) AS person_id
FROM today_spans AS s
LEFT JOIN post_holders AS p ON p.facility_id = s.facility_id AND p.required_post = $post
LEFT JOIN of_operator AS o ON o.operator_id = s.operator_id
WHERE coalesce(p.person_id, o.person_id) IS NOT NULL
