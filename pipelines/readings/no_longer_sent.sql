-- no_longer_sent: one row per source and run of days whose values in use a newer content of their path no longer has, though they lie
-- inside the span that it holds itself for that source. What lies before or after the span (rolling exports) stays.
-- Inputs: path_versions, version_values, register_uses.
WITH spans AS (
    SELECT source_sha256, source_kind, owner_id, kind, min(started_at) AS since, max(ended_at) AS until FROM version_values GROUP BY ALL
),
inside AS (
    SELECT v.*, p.new_sha256, p.new_at, p.file
    FROM version_values AS v
    JOIN path_versions AS p ON p.old_sha256 = v.source_sha256 AND p.old_member IN ('', v.source_member)
    JOIN spans AS s ON s.source_sha256 = p.new_sha256 AND s.source_kind = v.source_kind AND s.owner_id = v.owner_id AND s.kind = v.kind
        AND v.started_at >= s.since AND v.ended_at <= s.until
    WHERE v.known_to IS NULL
),
lacking AS (
    SELECT i.*
    FROM inside AS i
    WHERE NOT EXISTS (
        SELECT 1 FROM version_values AS n
        WHERE n.source_sha256 = i.new_sha256 AND n.source_kind = i.source_kind AND n.owner_id = i.owner_id AND n.kind = i.kind
            AND n.started_at < i.ended_at AND n.ended_at > i.started_at AND (n.slip_no = i.slip_no OR n.slip_no IS NULL OR i.slip_no IS NULL))
    QUALIFY row_number() OVER (
        PARTITION BY i.source_sha256, i.source_member, i.source_line, i.source_column, i.owner_id ORDER BY i.new_at, i.new_sha256, i.file) = 1
),
spread AS (
    SELECT l.*, CAST(l.started_at AS DATE) AS first_date, CAST(l.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM lacking AS l
    WHERE l.kind <> 'register'
    UNION ALL BY NAME
    SELECT l.*, CAST(u.started_at AS DATE) AS first_date, CAST(u.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM lacking AS l
    JOIN register_uses AS u ON u.meter_id = l.owner_id AND l.started_at IN (u.started_at, u.ended_at)
    WHERE l.kind = 'register'
),
numbered AS (
    SELECT *, sum(CASE WHEN first_date <= reach + 1 AND kind = 'interval' THEN 0 ELSE 1 END) OVER (
        PARTITION BY source_kind, owner_id, kind, source_sha256, new_sha256 ORDER BY first_date, last_date, started_at, source_line, source_column
        ROWS UNBOUNDED PRECEDING) AS run
    FROM (
        SELECT *, max(last_date) OVER (
            PARTITION BY source_kind, owner_id, kind, source_sha256, new_sha256 ORDER BY first_date, last_date, started_at, source_line, source_column
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
        FROM spread)
)
SELECT source_kind, owner_id AS source_id, 'no_longer_sent' AS rule_id, min(first_date) AS valid_from, max(last_date) + 1 AS valid_to,
    to_json({subject: owner_id, periods: strftime(min(first_date), '%Y-%m-%d') || '..' || strftime(max(last_date), '%Y-%m-%d'),
        found: CAST(count(*) AS INTEGER), value: CAST(arg_min(quantity, started_at) AS DOUBLE), unit: arg_min(unit, started_at), file: any_value(file),
        line: min(source_line), received: strftime(any_value(new_at), '%Y-%m-%d %H:%M')}) AS evidence
FROM numbered
GROUP BY source_kind, owner_id, kind, source_sha256, new_sha256, run
