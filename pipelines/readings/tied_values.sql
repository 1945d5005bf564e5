-- tied_values: pairs of values of one source and period that nothing tells apart but their place: of one file, or of two received at
-- the same moment, with the same stage, quality and issue. Only what was superseded from its own receipt on can be one of them.
-- Of events, which add up within a file, the statements of two files; two different lines of one slip.
-- Inputs: own_losers, stated_values, statements, value_scales, file_receipts.
WITH pairs AS (
    SELECT l.source_kind, l.owner_id, l.kind, l.started_at, l.ended_at, l.last_at, w.quantity, w.unit, w.source_sha256, w.source_member, w.source_line,
        w.source_column, l.quantity AS other_value, l.unit AS other_unit, l.source_sha256 AS other_sha256, l.source_member AS other_member,
        l.source_line AS other_line, l.source_column AS other_column
    FROM own_losers AS l
    JOIN stated_values AS w
        ON w.source_kind = l.source_kind AND w.owner_id = l.owner_id AND w.kind = l.kind AND w.time_band = l.time_band
        AND w.started_at = l.started_at AND w.ended_at = l.ended_at
    WHERE w.known_to IS NULL AND w.stage = l.stage AND w.quality = l.quality AND w.issued_on IS NOT DISTINCT FROM l.issued_on
),
rows_tied AS (
    SELECT p.* EXCLUDE (last_at, source_sha256, other_sha256), f.file, o.file AS other_file
    FROM pairs AS p
    JOIN file_receipts AS f ON f.sha256 = p.source_sha256 AND f.member IN ('', p.source_member)
    JOIN file_receipts AS o ON o.sha256 = p.other_sha256 AND o.member IN ('', p.other_member)
    WHERE p.source_sha256 = p.other_sha256 OR f.last_at = p.last_at
),
statements_tied AS (
    SELECT w.source_kind, w.owner_id, w.kind, w.started_at, w.ended_at, w.quantity, w.unit, w.file, w.source_member, w.source_line,
        l.quantity AS other_value, l.unit AS other_unit, l.file AS other_file, l.source_member AS other_member, l.source_line AS other_line
    FROM statements AS w
    JOIN statements AS l
        ON l.source_kind = w.source_kind AND l.owner_id = w.owner_id AND l.kind = w.kind AND l.started_at = w.started_at AND l.ended_at = w.ended_at
    WHERE w.kind IN ('delivery', 'activity') AND w.in_use AND NOT l.in_use AND w.stage = l.stage AND w.quality_order = l.quality_order
        AND w.issued_on IS NOT DISTINCT FROM l.issued_on AND w.source_sha256 <> l.source_sha256 AND w.last_at = l.last_at
),
lines_of_slips AS (
    SELECT a.source_kind, a.owner_id, a.kind, a.started_at, a.ended_at, a.quantity, a.unit, f.file, a.source_member, a.source_line,
        b.quantity AS other_value, b.unit AS other_unit, f.file AS other_file, b.source_member AS other_member, b.source_line AS other_line
    FROM stated_values AS a
    JOIN stated_values AS b
        ON b.source_kind = a.source_kind AND b.owner_id = a.owner_id AND b.kind = a.kind AND b.slip_no = a.slip_no
        AND b.source_sha256 = a.source_sha256 AND b.started_at = a.started_at AND b.ended_at = a.ended_at
    JOIN file_receipts AS f ON f.sha256 = a.source_sha256 AND f.member IN ('', a.source_member)
    WHERE a.is_event AND b.is_event AND a.known_to IS NULL AND b.known_to IS NULL AND a.stage = b.stage
        AND a.note IS NOT DISTINCT FROM b.note AND a.substance IS NOT DISTINCT FROM b.substance
        AND (a.source_member, a.source_line, a.source_column) < (b.source_member, b.source_line, b.source_column)
),
tied AS (
    FROM rows_tied
    UNION ALL BY NAME FROM statements_tied
    UNION ALL BY NAME FROM lines_of_slips
)
SELECT t.*
FROM tied AS t
LEFT JOIN value_scales AS s ON s.source_kind = t.source_kind AND s.owner_id = t.owner_id AND s.unit = t.unit
LEFT JOIN value_scales AS o ON o.source_kind = t.source_kind AND o.owner_id = t.owner_id AND o.unit = t.other_unit
WHERE abs(CAST(t.quantity AS DOUBLE) * coalesce(s.scale, 1) - CAST(t.other_value AS DOUBLE) * coalesce(o.scale, 1)) > 0.0000001
