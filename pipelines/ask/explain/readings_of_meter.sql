-- readings_of_meter: the readings in use that touch the span, each with file, member, line and column, and how much of it counts at the
-- facility in the span: quantity x scale (into the unit it is counted in) x multiplier x seconds / all_seconds x facility_share = counted.
-- A reading is told in as many parts as meters.csv or the allotment has rows for it. Where there are many readings of a day or less,
-- those of one file and member are one row (first_line to last_line). A reading whose kind meters.csv does not name on its days only
-- reconciles (counts is false). Inputs: current_readings, source_files, meters, counted_units, meter_allocations, evidence.
WITH versions AS (
    SELECT energy_type, reading_kind, CAST(coalesce(multiplier, 1) AS DECIMAL(12, 6)) AS multiplier, coalesce(valid_from, DATE '0001-01-01') AS since,
        coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters WHERE meter_id = $source
),
scales AS (
    SELECT DISTINCT unit, energy_type, counted_unit, scale FROM counted_units WHERE rule_id IS NULL
),
files AS (
    SELECT sha256, min(source || '/' || path ORDER BY received_at, source, path) AS path, min(received_at) AS received_at
    FROM source_files WHERE status = 'read' GROUP BY sha256
),
in_span AS (
    SELECT r.*, f.path, f.received_at, e.evidence_path, e.evidence_sha256, e.evidence_state, s.counted_unit, s.scale, v.multiplier,
        CAST(CAST(r.quantity AS DECIMAL(26, 6)) * CAST(CAST(s.scale AS DECIMAL(24, 9)) * v.multiplier AS DECIMAL(20, 9)) AS DECIMAL(18, 6)) AS whole
    FROM current_readings AS r
    JOIN files AS f ON f.sha256 = r.source_sha256
    LEFT JOIN evidence AS e ON r.evidence_name IS NOT NULL AND e.source_sha256 = r.source_sha256 AND e.source_line = r.source_line
        AND e.source_member IS NOT DISTINCT FROM r.source_member AND e.source_column IS NOT DISTINCT FROM r.source_column AND e.meter_id = r.meter_id
    LEFT JOIN versions AS v ON r.started_at >= v.since AND r.started_at < v.until
    LEFT JOIN scales AS s ON s.unit = r.unit AND s.energy_type = v.energy_type
    WHERE r.meter_id = $source AND r.started_at < CAST($end AS TIMESTAMP) AND r.ended_at > CAST($first AS TIMESTAMP)
),
placed AS (
    SELECT r.*, a.facility_share, v.reading_kind IS NOT NULL AS counts,
        greatest(r.started_at, CAST($first AS TIMESTAMP), CAST(v.since AS TIMESTAMP), CAST(a.valid_from AS TIMESTAMP)) AS from_time,
        least(r.ended_at, CAST($end AS TIMESTAMP), CAST(v.until AS TIMESTAMP), CAST(a.valid_to AS TIMESTAMP)) AS until_time
    FROM in_span AS r
    LEFT JOIN versions AS v ON v.reading_kind = r.reading_kind
        AND greatest(r.started_at, CAST($first AS TIMESTAMP)) < CAST(v.until AS TIMESTAMP)
        AND least(r.ended_at, CAST($end AS TIMESTAMP)) > CAST(v.since AS TIMESTAMP)
    LEFT JOIN meter_allocations AS a ON a.meter_id = $source AND a.facility_id = $facility AND a.facility_share <> 0
        AND r.started_at < CAST(a.valid_to AS TIMESTAMP) AND r.ended_at > CAST(a.valid_from AS TIMESTAMP)
),
measured AS (
    SELECT *, date_diff('second', from_time, until_time) AS seconds, date_diff('second', started_at, ended_at) AS all_seconds,
        count(*) OVER () > 60 AND ended_at - started_at <= INTERVAL 1 DAY AS is_one_of_many
    FROM placed
    WHERE until_time > from_time
)
SELECT min(started_at) AS started_at, max(ended_at) AS ended_at, sum(quantity) AS quantity, unit, stage, quality, time_band, reading_kind, path,
    source_member, min(source_line) AS source_line, max(source_line) AS last_line,
    CASE WHEN count(*) = 1 THEN any_value(source_column) END AS source_column,
    CASE WHEN count(*) = 1 THEN any_value(evidence_name) END AS evidence_name, CASE WHEN count(*) = 1 THEN any_value(evidence_path) END AS evidence_path,
    CASE WHEN count(*) = 1 THEN any_value(evidence_sha256) END AS evidence_sha256,
    CASE WHEN count(*) = 1 THEN any_value(evidence_state) END AS evidence_state, source_sha256, min(received_at) AS received_at,
    min(known_from) AS known_from, count(*) AS readings, counts, any_value(counted_unit) AS counted_unit, any_value(scale) AS scale,
    any_value(multiplier) AS multiplier, sum(seconds) AS seconds, sum(all_seconds) AS all_seconds, any_value(facility_share) AS facility_share,
    CASE WHEN counts THEN sum(from_micro(CAST(micro(whole) AS HUGEINT) * seconds // all_seconds)) * any_value(facility_share) END AS counted
FROM measured
GROUP BY path, source_member, source_sha256, unit, stage, quality, time_band, reading_kind, counts, scale, multiplier, facility_share,
    CASE WHEN is_one_of_many THEN seconds < all_seconds END, CASE WHEN NOT is_one_of_many THEN (started_at, source_line, source_column, from_time) END
ORDER BY min(started_at), min(from_time), time_band, path, min(source_line)
