-- verdict_changed: changes of the two last closed years that brought a facility nearer to 達成 or took its row away; and, where
-- that happened to a target, the facilities that left or joined it. A change that the program alone made is none of them: it is
-- restated as method. Inputs: verdict_restatements, targets. Parameter: last_closed.
WITH changes AS (
    SELECT *
    FROM verdict_restatements
    WHERE is_improved AND inputs_changed <> 'method' AND fiscal_year >= CAST($last_closed AS INTEGER) - 1
),
concerned AS (
    SELECT subject_id AS facility_id, basis || ' ' || run_id AS subject, *
    FROM changes
    WHERE subject_key = 'facility/' || subject_id
    UNION ALL BY NAME
    SELECT unnest(string_split(concat_ws(';', left_facility_ids, joined_facility_ids), ';')) AS facility_id,
        concat_ws(' ', coalesce(before_target_id, after_target_id), run_id) AS subject, *
    FROM changes
    WHERE subject_key LIKE 'target/%' AND coalesce(left_facility_ids, joined_facility_ids) IS NOT NULL
)
SELECT facility_id, fiscal_year, subject,
    CASE WHEN before_verdict = 'not_achieved' THEN greatest(before_low_co2e_kg - before_allowed_co2e_kg, 0) END AS co2e_at_stake_kg,
    to_json({before: before_verdict, after: coalesce(after_verdict, 'no_verdict_row'), before_target: coalesce(before_target_id, '-'),
        after_target: coalesce(after_target_id, '-'), causes: causes, basis: c.basis, case_of: subject_key, run_id: run_id,
        before_is_inherited: is_of_path(subject_key, before_target_id, b.subject_kind, b.path_status),
        after_is_inherited: is_of_path(subject_key, after_target_id, a.subject_kind, a.path_status)}) AS evidence
FROM concerned AS c
LEFT JOIN targets AS b ON b.target_id = c.before_target_id
LEFT JOIN targets AS a ON a.target_id = c.after_target_id
