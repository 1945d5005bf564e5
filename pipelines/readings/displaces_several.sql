-- displaces_several: one row per measured statement that stands in the place of several measured ones and differs from their sum by
-- more than the tolerance, or reaches so far beyond them that their sum says nothing of it; also a bill much longer than the one it
-- replaced, and what says less, of more days than the one of its standing that it replaced, than that one did (a correction may). Over
-- estimates it is a true-up; 速報 slots before final ones are no measure of them.
-- Inputs: statements. Parameter: bill_tolerance.
WITH pairs AS (
    SELECT w.* , l.started_at AS old_started_at, l.ended_at AS old_ended_at, l.counted AS old_counted, l.quantity AS old_quantity, l.unit AS old_unit,
        l.file AS old_file, l.source_line AS old_line, l.stage_order AS old_stage, l.issued_on AS old_issued_on, l.last_at AS old_last_at,
        l.source_sha256 AS old_sha256
    FROM statements AS w
    JOIN statements AS l
        ON l.source_kind = w.source_kind AND l.owner_id = w.owner_id AND l.kind = w.kind AND l.started_at < w.ended_at AND l.ended_at > w.started_at
        AND (l.time_band = w.time_band OR 'all' IN (l.time_band, w.time_band))
        AND CASE WHEN w.kind = 'interval' THEN CAST(w.started_at AS DATE) ELSE DATE '2000-01-01' END
            = CASE WHEN l.kind = 'interval' THEN CAST(l.started_at AS DATE) ELSE DATE '2000-01-01' END
    WHERE w.in_use AND NOT l.in_use AND w.quality_order = 1 AND l.quality_order = 1
        AND (w.started_at, w.ended_at) <> (l.started_at, l.ended_at)
        AND NOT (l.kind = 'interval' AND l.stage = 'provisional' AND w.stage <> 'provisional')
    QUALIFY row_number() OVER (
        PARTITION BY w.source_kind, w.owner_id, w.kind, w.time_band, w.started_at, w.ended_at, w.source_sha256, w.stage, l.time_band, l.started_at, l.ended_at
        ORDER BY l.stage_order, l.issued_on DESC NULLS LAST, l.last_at DESC, l.source_sha256) = 1
),
displaced AS (
    SELECT p.* FROM pairs AS p
    WHERE NOT EXISTS (
        SELECT 1 FROM pairs AS b
        WHERE b.source_kind = p.source_kind AND b.owner_id = p.owner_id AND b.kind = p.kind AND b.time_band = p.time_band
            AND b.started_at = p.started_at AND b.ended_at = p.ended_at AND b.source_sha256 = p.source_sha256 AND b.stage = p.stage
            AND b.old_started_at < p.old_ended_at AND b.old_ended_at > p.old_started_at
            AND (b.old_stage, coalesce(-epoch_us(b.old_issued_on), 0), -epoch_us(b.old_last_at), b.old_sha256, b.old_started_at)
                < (p.old_stage, coalesce(-epoch_us(p.old_issued_on), 0), -epoch_us(p.old_last_at), p.old_sha256, p.old_started_at))
),
compared AS (
    SELECT source_kind, owner_id, kind, time_band, started_at, ended_at, source_sha256, stage, any_value(quantity) AS quantity, any_value(unit) AS unit,
        any_value(counted) AS counted, any_value(stage_order) AS stage_order, min(old_stage) AS old_stage, any_value(file) AS file, any_value(source_line) AS source_line, count(*) AS displaced,
        sum(old_counted) AS sum_counted, min(old_started_at) AS old_since, max(old_ended_at) AS old_until, sum(minutes_of(old_started_at, old_ended_at)) AS old_minutes,
        string_agg(DISTINCT old_file, ', ' ORDER BY old_file) AS old_files,
        string_agg(strftime(old_started_at, '%Y-%m-%d') || ' ' || rtrim(rtrim(CAST(old_quantity AS VARCHAR), '0'), '.') || ' ' || old_unit, ', '
            ORDER BY old_started_at) AS old_values
    FROM displaced
    GROUP BY ALL
)
SELECT source_kind, owner_id AS source_id, 'displaces_several' AS rule_id, CAST(started_at AS DATE) AS valid_from,
    CAST(ended_at - INTERVAL 1 MICROSECOND AS DATE) + 1 AS valid_to,
    to_json({subject: owner_id, periods: strftime(started_at, '%Y-%m-%d') || '..' || strftime(ended_at - INTERVAL 1 MICROSECOND, '%Y-%m-%d'),
        value: CAST(quantity AS DOUBLE), unit: unit, file: file, line: source_line, displaced: CAST(displaced AS INTEGER),
        others: left(old_values, 300), other_files: left(old_files, 300)}) AS evidence
FROM compared
WHERE displaced >= 2 AND (abs(counted - sum_counted) > CAST($bill_tolerance AS DOUBLE) * sum_counted
        OR minutes_of(started_at, ended_at) > 1.25 * old_minutes)
    OR displaced = 1 AND kind = 'bill' AND minutes_of(started_at, ended_at) > 1.5 * old_minutes
    OR displaced = 1 AND stage_order = old_stage AND started_at <= old_since AND ended_at >= old_until AND counted < sum_counted * (1 - CAST($bill_tolerance AS DOUBLE))
