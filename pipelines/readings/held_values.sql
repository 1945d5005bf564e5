-- held_values: the values held back, unless a later value of the same standing begins with them and covers them, or they say what is in
-- use: a cell that is the number in use but for marks of a footnote (①, ², ※1) before or after it asks nothing of the period.
-- Inputs: held_rows, file_receipts, stated_values.
WITH marked AS (
    SELECT *, CASE WHEN held_rule = 'not_a_number' THEN TRY_CAST(replace(regexp_extract(raw,
        '^\s*[\x{2460}-\x{24FF}\x{2776}-\x{2793}※*＊]*\s*([0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?|[0-9]+(?:\.[0-9]+)?)\s*(?:[\x{B2}\x{B3}\x{B9}\x{2070}-\x{209C}\x{2460}-\x{24FF}\x{2776}-\x{2793}]|[※*＊][0-9]{0,2})*\s*$',
        1), ',', '') AS DECIMAL(26, 6)) END AS unmarked
    FROM held_rows
)
SELECT h.* EXCLUDE (unmarked)
FROM marked AS h
WHERE NOT EXISTS (
    SELECT 1 FROM stated_values AS v
    WHERE v.source_kind = h.source_kind AND v.owner_id = h.owner_id AND v.started_at = h.started_at AND v.ended_at = h.ended_at
        AND v.known_to IS NULL AND v.kind <> 'register' AND v.quantity = h.unmarked)
AND NOT EXISTS (
    SELECT 1 FROM stated_values AS v
    JOIN file_receipts AS f ON f.sha256 = v.source_sha256 AND f.member IN ('', v.source_member)
    WHERE v.source_kind = h.source_kind AND v.owner_id = h.owner_id AND v.started_at = h.started_at AND v.ended_at >= h.ended_at
        AND v.known_to IS NULL AND f.last_at > h.last_at
        AND (CASE v.stage WHEN 'corrected' THEN 1 WHEN 'confirmed' THEN 2 ELSE 3 END,
            CASE WHEN v.quality IN ('supplier_estimated', 'interpolated') THEN 2 ELSE 1 END) <= (h.stage_order, h.quality_order))
