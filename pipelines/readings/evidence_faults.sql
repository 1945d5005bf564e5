-- evidence_faults: a file that rows name as their evidence and that is not there, lies elsewhere or has changed: one row per file that names it
-- and name, with the first of the rows.
-- Input: evidence.
SELECT stated_in, evidence_name, evidence_state, count(*) AS found, min(source_line) AS line, arg_min(source_member, source_line) AS member,
    any_value(evidence_path) AS path, any_value(left(evidence_sha256, 12)) AS sha256
FROM evidence
WHERE evidence_state <> 'bound'
GROUP BY stated_in, evidence_name, evidence_state
ORDER BY ALL
