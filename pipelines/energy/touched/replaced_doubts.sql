-- replaced_doubts: the doubts of the base that are looked at anew: the slips of touched seasons, and all of every other rule.
-- Inputs: last.internal.meter_doubts, histories, doubted_seasons.
SELECT d.rowid AS place
FROM last.internal.meter_doubts AS d
JOIN histories AS h ON h.meter_id = d.meter_id
WHERE d.rule_id NOT IN ('unit_slip', 'unit_slip_unchecked') OR EXISTS (
    SELECT 1 FROM doubted_seasons AS s WHERE s.history = h.history AND is_slip_season(s.season, d.valid_from, d.valid_to))
