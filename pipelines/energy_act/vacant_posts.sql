-- vacant_posts: one row per designated operator and post that nobody holds at some of its open facilities today: 統括者,
-- 企画推進者, and the pair 管理員/管理責任者, of which one is enough. Input: post_holders.
WITH seats AS (
    SELECT operator_id, facility_id,
        CASE WHEN required_post IN ('エネルギー管理員', 'エネルギー管理責任者') THEN 'エネルギー管理員・エネルギー管理責任者'
            ELSE required_post END AS post,
        bool_and(is_vacant) AS is_vacant
    FROM post_holders
    WHERE is_designated AND required_post <> 'エネルギー管理者'
    GROUP BY ALL
)
SELECT operator_id, post, count(*) AS facilities, list_sort(list(facility_id))[:5] AS some_of_them
FROM seats
WHERE is_vacant
GROUP BY operator_id, post
ORDER BY operator_id, post
