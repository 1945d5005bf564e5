-- held_values: the values held back, unless a later value of the same standing and kind begins with them and covers them, or they say what
-- is in use: a cell that is the number in use but for marks of a footnote (①, ², ※1) before or after it asks nothing of the period.
-- Only an event of the same period, and of the same slip where both have a number, speaks for an event (delivery, load).
-- Inputs: held_rows, later_values.
WITH marked AS (
    SELECT *, CASE WHEN held_rule = 'not_a_number' THEN TRY_CAST(replace(regexp_extract(raw,
        '^\s*[\x{2460}-\x{24FF}\x{2776}-\x{2793}※*＊]*\s*([0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)\s*(?:[\x{B2}\x{B3}\x{B9}\x{2070}-\x{209C}\x{2460}-\x{24FF}\x{2776}-\x{2793}]|[※*＊][0-9]{0,2})*\s*$',
        1), ',', '') AS DECIMAL(26, 6)) END AS unmarked
    FROM held_rows
)
SELECT h.* EXCLUDE (unmarked)
FROM marked AS h
WHERE NOT EXISTS (
    SELECT 1 FROM later_values AS v
    WHERE v.source_kind = h.source_kind AND v.owner_id = h.owner_id AND v.started_at = h.started_at AND v.ended_at = h.ended_at
        AND v.kind <> 'register' AND v.quantity = h.unmarked AND (v.is_event = h.is_event OR v.is_closing)
        AND (h.counted_kind IS NULL OR v.kind IN (h.counted_kind, h.stated_kind)) AND (v.slip_no = h.slip_no OR v.slip_no IS NULL OR h.slip_no IS NULL))
AND NOT EXISTS (
    SELECT 1 FROM later_values AS v
    WHERE v.source_kind = h.source_kind AND v.owner_id = h.owner_id AND v.started_at = h.started_at AND v.last_at > h.last_at AND NOT v.is_closing
        AND CASE WHEN h.is_event THEN v.is_event AND v.ended_at = h.ended_at AND (v.slip_no = h.slip_no OR v.slip_no IS NULL OR h.slip_no IS NULL)
            ELSE NOT v.is_event AND v.ended_at >= h.ended_at END
        AND (h.counted_kind IS NULL OR v.kind IN (h.counted_kind, h.stated_kind))
        AND (v.stage_order, v.quality_order) <= (h.stage_order, h.quality_order))
