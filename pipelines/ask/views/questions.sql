-- questions: the flags that are not confirmed, folded by cause: one row per rule, fiscal year, cause, owner and state, which one answer can settle
-- (review answer takes all its ids). The cause is the supplier, where all that a flag is about is supplied by one, else the department.
-- The flags keep their grain in open_flags. Reads open_flags, flags, contracts.
WITH suppliers AS (
    SELECT meter_id, min(supplier) AS supplier
    FROM contracts
    WHERE supplier IS NOT NULL
    GROUP BY meter_id
    HAVING count(DISTINCT supplier) = 1
),
sources AS (
    SELECT flag_id, unnest(string_split(json_extract_string(evidence, '$.sources'), ', ')) AS meter_id FROM flags
),
supplied AS (
    SELECT s.flag_id, min(p.supplier) AS supplier
    FROM sources AS s
    LEFT JOIN suppliers AS p ON p.meter_id = s.meter_id
    GROUP BY s.flag_id
    HAVING count(DISTINCT p.supplier) = 1 AND count(p.supplier) = count(*)
),
caused AS (
    SELECT o.*, CASE WHEN s.supplier IS NOT NULL THEN 'supplier' ELSE 'department' END AS cause_kind, coalesce(s.supplier, o.department, '') AS cause
    FROM open_flags AS o
    LEFT JOIN supplied AS s ON s.flag_id = o.flag_id
)
SELECT
    left(sha256(concat_ws(chr(31), 'question', rule_id, CAST(fiscal_year AS VARCHAR), cause_kind, cause, owner_post, owner_person_id, state)), 12)
        AS question_id,
    rule_id, min(severity) AS severity, fiscal_year, cause_kind, cause, CAST(count(*) AS INTEGER) AS flag_count,
    CAST(count(DISTINCT facility_id) AS INTEGER) AS facility_count, sum(co2e_at_stake_kg) AS co2e_at_stake_kg,
    arg_max(message_ja, (coalesce(co2e_at_stake_kg, 0), flag_id)) AS message_ja, arg_max(message_en, (coalesce(co2e_at_stake_kg, 0), flag_id)) AS message_en,
    owner_post, owner_person_id, any_value(owner_name) AS owner_name, state, min(opened_at) AS opened_at,
    string_agg(flag_id, ' ' ORDER BY co2e_at_stake_kg DESC NULLS LAST, flag_id) AS flag_ids
FROM caused
GROUP BY rule_id, fiscal_year, cause_kind, cause, owner_post, owner_person_id, state
