-- two_posts: one row per operator and person who is its 統括者 and its 企画推進者 (or acts as both) without an approval document
-- on either appointment. Input: post_holders.
SELECT operator_id, person_id, string_agg(DISTINCT post, '、' ORDER BY post) AS posts
FROM post_holders
WHERE required_post IN ('エネルギー管理統括者', 'エネルギー管理企画推進者') AND person_id IS NOT NULL
GROUP BY operator_id, person_id
HAVING count(DISTINCT required_post) > 1 AND count(approval_document) = 0
ORDER BY operator_id, person_id
