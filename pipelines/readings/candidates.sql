-- candidates: the values that may be used, with the order in which rivals are taken.
-- Order: corrected, confirmed, provisional; later issue; later receipt; then hash and position (file_no is in that order).
-- A delivery of zero over more than a day is a closing statement: it does not rival the slips of its period.
-- The first value of a new register does not rival the last one of the old.
-- Input: checked.
SELECT
    rowid AS candidate_id, *,
    kind = 'delivery' AND quantity = 0 OR kind = 'register' AND substance IN ('opening', 'reset') AS is_closing,
    CASE stage WHEN 'corrected' THEN 1 WHEN 'confirmed' THEN 2 ELSE 3 END AS stage_order
FROM checked
WHERE rule_id IS NULL
