-- rule_yields: what each rule brings: how many flags it raises and asks people about now, what their answers said, and what was accepted without asking.
-- An answer that was returned and given again counts each time. Of a rule that is new to the city: what it
-- would have asked, and from when it asks. Reads flags, reviews, flag_rules.
WITH raised AS (
    SELECT rule_id, count(*) AS flag_count, count(*) FILTER (asking = 'asked') AS asked_count,
        count(*) FILTER (asking = 'silent') AS silent_count
    FROM flags GROUP BY rule_id
),
answered AS (
    SELECT rule_id, count(*) FILTER (step = 'answer') AS answer_count, count(*) FILTER (step = 'answer' AND data_are_right) AS right_count,
        count(*) FILTER (step = 'answer' AND NOT data_are_right) AS wrong_count, count(*) FILTER (step = 'accept_minor') AS minor_count
    FROM reviews
    WHERE NOT recorded_only
    GROUP BY rule_id
)
SELECT coalesce(r.rule_id, a.rule_id) AS rule_id, CAST(coalesce(flag_count, 0) AS INTEGER) AS flag_count,
    CAST(coalesce(asked_count, 0) AS INTEGER) AS asked_count, CAST(coalesce(answer_count, 0) AS INTEGER) AS answer_count,
    CAST(coalesce(right_count, 0) AS INTEGER) AS right_count, CAST(coalesce(wrong_count, 0) AS INTEGER) AS wrong_count,
    CAST(coalesce(minor_count, 0) AS INTEGER) AS minor_count, CAST(coalesce(silent_count, 0) AS INTEGER) AS silent_count, k.known_on, k.asked_from
FROM raised AS r
FULL JOIN answered AS a ON a.rule_id = r.rule_id
LEFT JOIN flag_rules AS k ON k.rule_id = coalesce(r.rule_id, a.rule_id)
