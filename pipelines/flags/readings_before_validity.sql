-- readings_before_validity: meters and activity sources of which values came that lie before their first row of the register, per fiscal year of these days.
-- Nothing of them counts, so that a date in a register could hide what was used. Inputs: outside_rows, source_files.
WITH files AS (
    SELECT sha256, min(source || '/' || path) AS file FROM source_files WHERE status = 'read' GROUP BY sha256
),
earlier AS (
    SELECT o.*, f.file, fiscal_year_of(CAST(o.started_at AS DATE)) AS fiscal_year
    FROM outside_rows AS o
    JOIN files AS f ON f.sha256 = o.source_sha256
    WHERE o.side = 'before'
)
SELECT facility_id, CAST(fiscal_year AS INTEGER) AS fiscal_year, source_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({register: CASE any_value(source_kind) WHEN 'meter' THEN 'meters' ELSE 'activity_sources' END,
        valid_from: strftime(any_value(valid_on), '%Y-%m-%d'), since: strftime(min(started_at), '%Y-%m-%d'),
        until: strftime(max(ended_at) - INTERVAL 1 MICROSECOND, '%Y-%m-%d'), found: CAST(count(*) AS INTEGER),
        file: arg_min(file, (started_at, source_line)), line: arg_min(source_line, started_at)}) AS evidence
FROM earlier
GROUP BY facility_id, source_kind, source_id, fiscal_year
