-- held_rows: the values held back of which it is known of which meter (or facility) or activity source and period they are, and whether an
-- accepted answer has settled them there. Values of the future wait for their day. A stage or quality that could not be read counts as the
-- highest. counted_kind: what would count in its place (empty: of any kind, as beside states of a register and where the kind is unclear);
-- stated_kind: what it says that it is itself.
-- Inputs: quarantine, discarded_rows, file_receipts, meter_names, activity_names, unknown_fits, meters, activity_sources.
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
),
kinds AS (
    SELECT meter_id, reading_kind, coalesce(valid_from, DATE '0001-01-01') AS since, coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters
)
SELECT w.source_kind, w.owner_id, q.rule_id AS held_rule, q.source_sha256, q.source_member, q.source_line, q.source_column, q.raw, q.started_at, q.ended_at, f.file, f.last_at,
    CASE WHEN q.stage IS NULL THEN 1 ELSE stage_order(q.stage) END AS stage_order, quality_order(q.quality) AS quality_order, q.slip_no,
    CASE WHEN w.source_kind = 'activity' THEN 'activity'
        WHEN q.rule_id <> 'kind_unclear' AND minutes_of(q.started_at, q.ended_at) > 1 THEN nullif(k.reading_kind, 'register') END AS counted_kind,
    coalesce(CASE WHEN w.source_kind = 'meter' THEN q.reading_kind END, counted_kind) AS stated_kind,
    coalesce(stated_kind IN ('activity', 'delivery'), false) AS is_event, d.source_id IS NOT NULL AS is_discarded
FROM quarantine AS q
JOIN whose AS w ON w.word = q.meter_id
JOIN firsts AS s ON s.source_kind = w.source_kind AND s.owner_id = w.owner_id
JOIN file_receipts AS f ON f.sha256 = q.source_sha256 AND f.member IN ('', q.source_member)
LEFT JOIN kinds AS k ON w.source_kind = 'meter' AND k.meter_id = w.owner_id AND q.started_at >= k.since AND q.started_at < k.until
LEFT JOIN discarded_rows AS d
    ON d.source_sha256 = q.source_sha256 AND d.source_line = q.source_line AND coalesce(d.source_column, '') = coalesce(q.source_column, '')
    AND coalesce(d.source_member, '') = coalesce(q.source_member, '') AND d.source_kind = w.source_kind AND d.source_id = w.owner_id
WHERE q.started_at < q.ended_at AND q.ended_at <= q.started_at + INTERVAL 400 DAY AND q.rule_id NOT IN ('in_the_future', 'derived_source')
    AND fiscal_year_of(CAST(q.started_at AS DATE)) >= fiscal_year_of(s.since) - 1
