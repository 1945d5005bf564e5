-- questions_like: the questions whose id begins so, with their flags. Reads questions. Parameter: begins.
SELECT question_id, flag_ids
FROM questions
WHERE starts_with(question_id, $begins)
ORDER BY question_id
