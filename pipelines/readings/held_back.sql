-- held_back: one row per source, rule, file and run of days of values that were held back and that nothing later covers: what they would
-- have said is not known. is_lifted: an accepted answer has settled all of them. Input: held_days.
WITH apart AS (
    SELECT *, local_date - CAST(dense_rank() OVER (PARTITION BY source_kind, owner_id, held_rule, source_sha256, is_discarded ORDER BY local_date) AS INTEGER) AS run
    FROM held_days
)
SELECT source_kind, owner_id AS source_id, 'held_back' AS rule_id, min(local_date) AS valid_from, max(local_date) + 1 AS valid_to,
    to_json({subject: owner_id, periods: strftime(min(local_date), '%Y-%m-%d') || '..' || strftime(max(local_date), '%Y-%m-%d'),
        reason: held_rule, file: any_value(file), line: min(source_line), raw: arg_min(raw, source_line), hash: source_sha256}) AS evidence, is_discarded AS is_lifted
FROM apart
GROUP BY source_kind, owner_id, held_rule, source_sha256, is_discarded, run
