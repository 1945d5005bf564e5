-- doubts_of_flags: a doubt that a flag stands for; a flag may stand for several.
-- Reads flag_doubts, doubts.
SELECT f.flag_id, d.doubt_id, d.source_kind, d.source_id, d.rule_id, d.fiscal_year, d.quantity, d.periods_json
FROM flag_doubts AS f JOIN doubts AS d ON d.doubt_id = f.doubt_id ORDER BY ALL
