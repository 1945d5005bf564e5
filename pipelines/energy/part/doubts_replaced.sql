-- doubts_replaced: the doubts of the last publication that are looked at anew: the slips of touched seasons, and all of every other rule.
-- Inputs: last.meter_doubts, histories, doubted_seasons.
WITH placed AS (
    SELECT d.rowid AS place, d.rule_id, h.history, CASE WHEN d.valid_to - d.valid_from <= 190 THEN 1 ELSE 0 END AS margin,
        year(d.valid_from) * 12 + month(d.valid_from) - margin AS first_no,
        year(CAST(d.valid_to - 1 AS DATE)) * 12 + month(CAST(d.valid_to - 1 AS DATE)) + margin AS last_no
    FROM last.meter_doubts AS d
    JOIN histories AS h ON h.meter_id = d.meter_id
)
SELECT place FROM placed AS p
WHERE rule_id NOT IN ('unit_slip', 'unit_slip_unchecked') OR EXISTS (
    SELECT 1 FROM doubted_seasons AS s WHERE s.history = p.history AND (s.season - p.first_no % 12 + 12) % 12 <= p.last_no - p.first_no)
