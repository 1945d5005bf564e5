-- flag_doubts: what is doubtful that a flag asks about, or the doubt of this id: its periods, bounds and what lifts it.
-- Reads doubts, flag_doubts. Parameter: flag.
SELECT d.doubt_id, d.source_id, d.rule_id, d.doubt_state, d.days, d.lifted_days, d.periods, d.quantity, d.low_quantity, d.high_quantity,
    d.unit, d.limit_cell, d.lifted_by_ja, d.lifted_by_en
FROM doubts AS d
WHERE d.doubt_id = $flag OR d.doubt_id IN (SELECT doubt_id FROM flag_doubts WHERE flag_id = $flag)
ORDER BY d.doubt_state DESC, d.source_id, d.rule_id
