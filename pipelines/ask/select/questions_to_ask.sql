-- questions_to_ask: the questions that nobody has answered, the gravest first, with their flags. Reads questions.
SELECT question_id, rule_id, fiscal_year, cause, message_ja, flag_ids
FROM questions
WHERE state IN ('open', 'returned')
ORDER BY severity <> 'error', co2e_at_stake_kg DESC NULLS LAST, question_id
