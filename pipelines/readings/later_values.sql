-- later_values: the values in use that may speak for a value held back, with their standing and their last receipt. is_closing: a
-- closing statement says that no further slip came, and nothing of a slip that could not be read.
-- Inputs: stated_values, file_receipts, held_rows.
SELECT v.source_kind, v.owner_id, v.kind, v.time_band, v.started_at, v.ended_at, v.quantity, v.slip_no, v.is_event, v.kind = 'delivery' AND v.quantity = 0 AS is_closing, f.last_at,
    stage_order(v.stage) AS stage_order, quality_order(v.quality) AS quality_order
FROM stated_values AS v
JOIN file_receipts AS f ON f.sha256 = v.source_sha256 AND f.member IN ('', v.source_member)
WHERE v.known_to IS NULL
    AND (v.source_kind, v.owner_id) IN (SELECT (source_kind, owner_id) FROM held_rows)
    AND v.ended_at > (SELECT min(started_at) FROM held_rows) AND v.started_at < (SELECT max(ended_at) FROM held_rows)
