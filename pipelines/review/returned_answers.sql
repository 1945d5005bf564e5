-- returned_answers: one row per answered row of a sheet that came back, as it was judged last; what is held back stands in quarantine too.
-- Inputs: answer_rows, source_files.
SELECT a.source_sha256, a.source_member, a.source_line, a."round", a.question_id, nullif(a.department, '') AS department,
    nullif(a.person_id, '') AS person_id, a.outcome AS answer_outcome, a.rule_id, CAST(a.judged_at AS TIMESTAMP) AS judged_at
FROM answer_rows AS a
SEMI JOIN source_files AS f ON f.sha256 = a.source_sha256
