-- no_responsible_person: open facilities for which nobody holds the post of エネルギー管理員 or エネルギー管理責任者 today.
-- Input: post_holders. Parameter: this_year.
SELECT
    facility_id, CAST($this_year AS INTEGER) AS fiscal_year, NULL AS subject, NULL AS co2e_at_stake_kg,
    to_json({posts: string_agg(required_post, ', ' ORDER BY required_post)}) AS evidence
FROM post_holders
WHERE required_post IN ('エネルギー管理員', 'エネルギー管理責任者')
GROUP BY facility_id
HAVING bool_and(is_vacant)
