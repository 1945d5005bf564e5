-- standing_answers: one row per open flag about which an answer of an earlier fiscal year was to stand as well: the last answer to the same
-- rule at the same facility about the same subject, and whether it covers the flag. It does while it is accepted and its term lasts, for the
-- months, meters and direction that it explained or fewer, up to its amount and a share more; else why not. A later answer takes the
-- place of an earlier one. It limits asking alone: the flag stays with its bounds. Reads flags, flag_patterns, last_answers. Parameter: standing_difference.
WITH earlier AS (
    SELECT f.flag_id, f.fiscal_year, a.decision_id, a.answer_state, a.stands_until, a.stands_until > a.fiscal_year AS is_standing,
        max(a.stands_until) OVER (PARTITION BY f.flag_id) AS last_until,
        from_json(a.pattern, '{"months": ["INTEGER"], "amount": "DOUBLE", "direction": "VARCHAR", "sources": ["VARCHAR"]}') AS explained,
        from_json(p.pattern, '{"months": ["INTEGER"], "amount": "DOUBLE", "direction": "VARCHAR", "sources": ["VARCHAR"]}') AS present
    FROM flags AS f
    JOIN last_answers AS a
        ON a.rule_id = f.rule_id AND a.facility_id = f.facility_id AND a.subject IS NOT DISTINCT FROM f.subject AND a.fiscal_year < f.fiscal_year
    LEFT JOIN flag_patterns AS p ON p.flag_id = f.flag_id
    WHERE f.state = 'open'
    QUALIFY row_number() OVER (PARTITION BY f.flag_id ORDER BY a.fiscal_year DESC) = 1
)
SELECT flag_id, decision_id, stands_until,
    CASE WHEN NOT is_standing THEN 'superseded'
        WHEN answer_state <> 'accepted' THEN answer_state
        WHEN stands_until < fiscal_year THEN 'term_over'
        WHEN present IS NULL OR explained IS NULL THEN 'no_pattern'
        WHEN NOT list_has_all(explained.sources, present.sources) THEN 'other_sources'
        WHEN NOT list_has_all(explained.months, present.months) THEN 'other_months'
        WHEN explained.direction <> present.direction THEN 'other_direction'
        WHEN present.amount > explained.amount * (1 + CAST($standing_difference AS DOUBLE)) THEN 'larger'
        ELSE 'covers' END AS standing_state
FROM earlier
WHERE is_standing OR last_until >= fiscal_year
ORDER BY flag_id
