-- flag_doubts: what is doubtful that each of these flags asks about, or the doubts of these ids: periods, bounds and what lifts them.
-- Reads doubts, flag_doubts. Parameter: flags.
WITH asked AS (
    SELECT unnest(CAST($flags AS VARCHAR[])) AS flag_id
),
about AS (
    SELECT flag_id, flag_id AS doubt_id FROM asked
    UNION
    SELECT k.flag_id, k.doubt_id FROM flag_doubts AS k JOIN asked AS a ON a.flag_id = k.flag_id
)
SELECT a.flag_id, d.doubt_id, d.source_id, d.rule_id, d.doubt_state, d.days, d.lifted_days, d.periods, d.quantity, d.low_quantity, d.high_quantity,
    d.unit, d.limit_cell, d.lifted_by_ja, d.lifted_by_en
FROM about AS a
JOIN doubts AS d ON d.doubt_id = a.doubt_id
ORDER BY a.flag_id, d.doubt_state DESC, d.source_id, d.rule_id
