-- held_back_rows: one row per meter or activity source and value held back that leaves its days open: what an accepted answer settles, and whether one has.
-- Input: held_values.
SELECT DISTINCT source_kind, owner_id AS source_id, held_rule AS rule_id, source_sha256, source_member, source_line, source_column,
    started_at, ended_at, raw, is_discarded
FROM held_values
