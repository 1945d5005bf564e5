-- questions_to_ask: the questions that are asked and that nobody has answered, the gravest first, with their flags; those that came back to be answered again
-- stand beside the open ones. Reads questions.
SELECT question_id, rule_id, fiscal_year, any_value(cause) AS cause, arg_max(message_ja, (coalesce(co2e_at_stake_kg, 0), state)) AS message_ja,
    string_agg(flag_ids, ' ' ORDER BY state) AS flag_ids
FROM questions
WHERE state IN ('open', 'returned') AND asking = 'asked'
GROUP BY question_id, rule_id, fiscal_year
ORDER BY min(severity) <> 'error', sum(co2e_at_stake_kg) DESC NULLS LAST, question_id
