-- candidates: the values that may be used, with the order in which rivals are taken.
-- Order: corrected, confirmed, provisional; measured, then estimated; later issue; later receipt, the latest of a content counting;
-- then hash and position (file_no is in that order).
-- A delivery of zero over more than a day is a closing statement: it does not rival the slips of its period.
-- The first value of a new register does not rival the last one of the old.
-- Deliveries and activity figures are events: those of one file add up (event_rows).
-- Input: checked.
SELECT
    rowid AS candidate_id, *,
    kind = 'delivery' AND quantity = 0 OR kind = 'register' AND substance IN ('opening', 'reset') AS is_closing,
    kind = 'activity' OR kind = 'delivery' AND quantity <> 0 AS is_event,
    stage_order(stage) AS stage_order,
    quality_order(quality) AS quality_order
FROM checked
WHERE rule_id IS NULL
