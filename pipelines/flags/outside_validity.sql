-- outside_validity: meters and activity sources of which values lie before their first row of the register
-- (readings_before_validity) or after its validity has ended (readings_after_validity), per fiscal year of these days.
-- Nothing of them counts, so that a date in a register could hide what was used. Inputs: outside_rows, source_files.
WITH files AS (
    SELECT sha256, min(source || '/' || path) AS file FROM source_files WHERE status = 'read' GROUP BY sha256
),
outside AS (
    SELECT o.*, f.file, CASE side WHEN 'after' THEN greatest(started_at, CAST(valid_on AS TIMESTAMP)) ELSE started_at END AS outside_from
    FROM outside_rows AS o
    JOIN files AS f ON f.sha256 = o.source_sha256
),
years AS (SELECT *, CAST(fiscal_year_of(CAST(outside_from AS DATE)) AS INTEGER) AS fiscal_year FROM outside)
SELECT 'readings_' || side || '_validity' AS rule_id, facility_id, fiscal_year, source_id AS subject, NULL AS co2e_at_stake_kg,
    json_merge_patch(
        to_json({register: CASE source_kind WHEN 'meter' THEN 'meters' ELSE 'activity_sources' END,
            since: strftime(min(started_at), '%Y-%m-%d'), until: strftime(max(ended_at) - INTERVAL 1 MICROSECOND, '%Y-%m-%d'),
            found: CAST(count(*) AS INTEGER), file: arg_min(file, (started_at, source_line)), line: arg_min(source_line, started_at)}),
        json_object(CASE side WHEN 'before' THEN 'valid_from' ELSE 'valid_to' END, strftime(any_value(valid_on), '%Y-%m-%d'))
    ) AS evidence
FROM years
GROUP BY side, facility_id, source_kind, source_id, fiscal_year
