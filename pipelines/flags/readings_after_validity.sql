-- readings_after_validity: meters and activity sources whose validity has ended while values of later days go on coming, per fiscal year of these days.
-- Nothing of them counts, so that a date in a register could hide what goes on. Inputs: quarantine, meters, activity_sources, source_files.
WITH ends AS (
    SELECT meter_id, arg_max(facility_id, coalesce(valid_to, DATE '9999-12-31')) AS facility_id,
        max(coalesce(valid_to, DATE '9999-12-31')) AS valid_to, 'meters' AS register
    FROM meters
    GROUP BY meter_id
    UNION ALL
    SELECT activity_source_id, arg_max(facility_id, coalesce(valid_to, DATE '9999-12-31')),
        max(coalesce(valid_to, DATE '9999-12-31')), 'activity_sources'
    FROM activity_sources
    GROUP BY activity_source_id
),
words AS (
    SELECT meter_id AS word, meter_id FROM meters
    UNION SELECT activity_source_id, activity_source_id FROM activity_sources
    UNION SELECT supply_point, meter_id FROM meters WHERE supply_point IS NOT NULL
    UNION SELECT trim(unnest(string_split(aliases, ';'))), meter_id FROM meters WHERE aliases IS NOT NULL
),
files AS (
    SELECT sha256, min(source || '/' || path) AS file FROM source_files WHERE status = 'read' GROUP BY sha256
),
after AS (
    SELECT e.facility_id, e.meter_id, e.valid_to, e.register, q.started_at, q.ended_at, q.source_line, f.file,
        fiscal_year_of(CAST(greatest(q.started_at, CAST(e.valid_to AS TIMESTAMP)) AS DATE)) AS fiscal_year
    FROM quarantine AS q
    JOIN words AS w ON w.word = q.meter_id
    JOIN ends AS e ON e.meter_id = w.meter_id
    JOIN files AS f ON f.sha256 = q.source_sha256
    WHERE q.rule_id = 'outside_validity' AND CAST(q.ended_at AS DATE) > e.valid_to
)
SELECT facility_id, CAST(fiscal_year AS INTEGER) AS fiscal_year, meter_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({register: any_value(register), valid_to: strftime(any_value(valid_to), '%Y-%m-%d'), since: strftime(min(started_at), '%Y-%m-%d'),
        until: strftime(max(ended_at) - INTERVAL 1 MICROSECOND, '%Y-%m-%d'), found: CAST(count(*) AS INTEGER),
        file: arg_min(file, (started_at, source_line)), line: arg_min(source_line, started_at)}) AS evidence
FROM after
GROUP BY facility_id, meter_id, fiscal_year
