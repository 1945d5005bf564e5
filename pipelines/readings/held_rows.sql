-- held_rows: the values held back of which it is known of which meter (or facility) or activity source and period they are, and whether an
-- accepted answer has settled them there. Values of the future wait for their day. A stage or quality that could not be read counts as the
-- highest. Inputs: quarantine, discarded_rows, file_receipts, meter_names, activity_names, unknown_fits,
-- meters, activity_sources.
WITH whose AS (
    SELECT DISTINCT word, 'meter' AS source_kind, meter_id AS owner_id FROM meter_names
    UNION ALL SELECT word, 'meter', meter_id FROM unknown_fits
    UNION ALL SELECT DISTINCT activity_source_id, 'activity', activity_source_id FROM activity_sources
    UNION ALL SELECT word, 'activity', activity_source_id FROM activity_names
),
firsts AS (
    SELECT 'meter' AS source_kind, meter_id AS owner_id, min(coalesce(valid_from, DATE '0001-04-01')) AS since FROM meters GROUP BY meter_id
    UNION ALL
    SELECT 'activity', activity_source_id, min(coalesce(valid_from, DATE '0001-04-01')) FROM activity_sources GROUP BY activity_source_id
)
SELECT w.source_kind, w.owner_id, q.rule_id AS held_rule, q.source_sha256, q.source_member, q.source_line, q.source_column, q.raw, q.started_at, q.ended_at, f.file, f.last_at,
    CASE q.stage WHEN 'confirmed' THEN 2 WHEN 'provisional' THEN 3 ELSE 1 END AS stage_order,
    CASE WHEN q.quality IN ('supplier_estimated', 'interpolated') THEN 2 ELSE 1 END AS quality_order, d.source_id IS NOT NULL AS is_discarded
FROM quarantine AS q
JOIN whose AS w ON w.word = q.meter_id
JOIN firsts AS s ON s.source_kind = w.source_kind AND s.owner_id = w.owner_id
JOIN file_receipts AS f ON f.sha256 = q.source_sha256 AND f.member IN ('', q.source_member)
LEFT JOIN discarded_rows AS d
    ON d.source_sha256 = q.source_sha256 AND d.source_line = q.source_line AND coalesce(d.source_column, '') = coalesce(q.source_column, '')
    AND coalesce(d.source_member, '') = coalesce(q.source_member, '') AND d.source_kind = w.source_kind AND d.source_id = w.owner_id
WHERE q.started_at < q.ended_at AND q.ended_at <= q.started_at + INTERVAL 400 DAY AND q.rule_id NOT IN ('in_the_future', 'derived_source')
    AND fiscal_year_of(CAST(q.started_at AS DATE)) >= fiscal_year_of(s.since) - 1
