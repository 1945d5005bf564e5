-- reading_doubts: one row per meter or activity source, period and rule by which what was received contradicts itself or is held back.
SELECT NULL AS source_kind, NULL AS source_id, NULL AS rule_id, NULL AS valid_from, NULL AS valid_to, NULL AS evidence
WHERE false
