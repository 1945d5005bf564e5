-- held_values: the values held back, unless a later value of the same standing begins with them and covers them.
-- Inputs: held_rows, file_receipts, stated_values.
SELECT h.*
FROM held_rows AS h
WHERE NOT EXISTS (
    SELECT 1 FROM stated_values AS v
    JOIN file_receipts AS f ON f.sha256 = v.source_sha256 AND f.member IN ('', v.source_member)
    WHERE v.source_kind = h.source_kind AND v.owner_id = h.owner_id AND v.started_at = h.started_at AND v.ended_at >= h.ended_at
        AND v.known_to IS NULL AND f.last_at > h.last_at
        AND (CASE v.stage WHEN 'corrected' THEN 1 WHEN 'confirmed' THEN 2 ELSE 3 END,
            CASE WHEN v.quality IN ('supplier_estimated', 'interpolated') THEN 2 ELSE 1 END) <= (h.stage_order, h.quality_order))
