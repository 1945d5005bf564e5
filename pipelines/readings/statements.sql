-- statements: what a file states of one source and period, its rows added up where they are events; of intervals only those of
-- meters whose slots have several lengths and of which some were superseded: only there may one displace several.
-- Inputs: stated_values, readings, value_scales, file_receipts.
WITH mixed AS (
    SELECT meter_id
    FROM readings
    WHERE reading_kind = 'interval'
    GROUP BY meter_id
    HAVING max(known_to) IS NOT NULL AND min(minutes_of(started_at, ended_at)) < max(minutes_of(started_at, ended_at))
)
SELECT
    v.source_kind, v.owner_id, v.kind, v.time_band, v.started_at, v.ended_at, v.source_sha256, v.stage, v.known_to IS NULL AS in_use,
    min(quality_order(v.quality)) AS quality_order, max(v.issued_on) AS issued_on,
    CASE WHEN v.is_event THEN sum(v.quantity) ELSE max(v.quantity) END AS quantity, any_value(v.unit) AS unit,
    CAST(CASE WHEN v.is_event THEN sum(v.quantity) ELSE max(v.quantity) END AS DOUBLE) * coalesce(any_value(s.scale), 1) AS counted, any_value(f.file) AS file, any_value(f.last_at) AS last_at,
    min(v.source_member) AS source_member, min(v.source_line) AS source_line,
    stage_order(v.stage) AS stage_order
FROM stated_values AS v
JOIN file_receipts AS f ON f.sha256 = v.source_sha256 AND f.member IN ('', v.source_member)
LEFT JOIN value_scales AS s ON s.source_kind = v.source_kind AND s.owner_id = v.owner_id AND s.unit = v.unit
WHERE v.kind IN ('bill', 'delivery', 'activity') AND (v.kind <> 'delivery' OR v.is_event)
    OR v.kind = 'interval' AND v.owner_id IN (FROM mixed)
GROUP BY v.source_kind, v.owner_id, v.kind, v.time_band, v.started_at, v.ended_at, v.source_sha256, v.stage, v.known_to IS NULL, v.is_event
