-- questions: the flags that are not confirmed, folded by cause: one row per question and state, which one answer can settle (review answer takes
-- all its ids). The flags keep their grain in open_flags. Whose turn it is: the owner whom all its flags share, else the 企画推進者 whom
-- all their facilities share. Reads open_flags, flags, post_holders.
WITH promoters AS (
    SELECT facility_id, person_id, name FROM post_holders WHERE required_post = 'エネルギー管理企画推進者' AND person_id IS NOT NULL
),
folded AS (
    SELECT o.question_id, o.rule_id, min(o.severity) AS severity, o.fiscal_year, any_value(f.cause_kind) AS cause_kind, any_value(f.cause) AS cause,
        CAST(count(*) AS INTEGER) AS flag_count, CAST(count(DISTINCT o.facility_id) AS INTEGER) AS facility_count,
        sum(o.co2e_at_stake_kg) AS co2e_at_stake_kg,
        arg_max(o.message_ja, (coalesce(o.co2e_at_stake_kg, 0), o.flag_id)) AS message_ja,
        arg_max(o.message_en, (coalesce(o.co2e_at_stake_kg, 0), o.flag_id)) AS message_en,
        count(DISTINCT o.owner_person_id) = 1 AND count(o.owner_person_id) = count(*) AS is_of_one, min(o.owner_post) AS owner_post,
        min(o.owner_person_id) AS owner_person_id, any_value(o.owner_name) AS owner_name,
        count(DISTINCT p.person_id) = 1 AND count(p.person_id) = count(*) AS is_of_one_promoter, min(p.person_id) AS promoter, any_value(p.name) AS promoter_name,
        o.state, min(o.opened_at) AS opened_at, any_value(o.asking) AS asking, min(o.asked_on) AS asked_on,
        string_agg(o.flag_id, ' ' ORDER BY o.co2e_at_stake_kg DESC NULLS LAST, o.flag_id) AS flag_ids
    FROM open_flags AS o
    JOIN flags AS f ON f.flag_id = o.flag_id
    LEFT JOIN promoters AS p ON p.facility_id = o.facility_id
    GROUP BY o.question_id, o.rule_id, o.fiscal_year, o.state
)
SELECT question_id, rule_id, severity, fiscal_year, cause_kind, cause, flag_count, facility_count, co2e_at_stake_kg, message_ja, message_en,
    CASE WHEN is_of_one THEN owner_post WHEN is_of_one_promoter THEN 'エネルギー管理企画推進者' END AS owner_post,
    CASE WHEN is_of_one THEN owner_person_id WHEN is_of_one_promoter THEN promoter END AS owner_person_id,
    CASE WHEN is_of_one THEN owner_name WHEN is_of_one_promoter THEN promoter_name END AS owner_name,
    state, opened_at, asking, asked_on, flag_ids
FROM folded
