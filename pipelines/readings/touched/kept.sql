-- kept: the values of the base that stand on touched days or belong to touched owners, as candidates once more.
-- place: the row they have in their table. Inputs: touched_days, touched_owners, known_files and, of the base,
-- readings, register_states, activity_readings, waste_samples, weather_days. Parameters: since, until (of the touched days).
WITH files AS (
    SELECT sha256, any_value(file_no) AS file_no, count(*) AS files FROM known_files WHERE is_first GROUP BY sha256
),
measured AS (
    SELECT r.rowid AS place, r.*
    FROM last.readings AS r
    SEMI JOIN touched_days AS t
        ON t.meter_id = r.meter_id AND t.reading_kind = r.reading_kind AND t.local_date = CAST(r.started_at AS DATE)
    WHERE r.started_at >= $since AND r.started_at < $until
    UNION ALL
    SELECT r.rowid AS place, r.*
    FROM last.readings AS r
    SEMI JOIN touched_owners AS t ON t.meter_id = r.meter_id AND t.reading_kind = r.reading_kind
    WHERE r.reading_kind = 'delivery'
),
rows_kept AS (
    SELECT 'readings' AS table_name, place, 'reading' AS record, meter_id AS owner_id, reading_kind AS kind, time_band, started_at,
        ended_at, quantity, unit, quality, stage, issued_on, source_sha256, source_member, source_line, source_column, known_from,
        known_to, amount_yen, demand_kw, contract_kw, slip_no, index_before, index_after, evidence_name
    FROM measured
    UNION ALL BY NAME
    SELECT 'register_states' AS table_name, s.rowid AS place, 'register' AS record, s.meter_id AS owner_id, 'register' AS kind, s.read_at AS started_at,
        s.read_at + INTERVAL 1 MINUTE AS ended_at, s.event AS substance, s.register_value AS quantity, s.unit, s.multiplier, s.quality, s.stage,
        s.issued_on, s.note, s.source_sha256, s.source_member, s.source_line, s.source_column, s.known_from, s.known_to
    FROM last.register_states AS s
    SEMI JOIN touched_owners AS t ON t.meter_id = s.meter_id AND t.reading_kind = 'register'
    UNION ALL BY NAME
    SELECT 'activity_readings' AS table_name, a.rowid AS place, 'activity' AS record, a.activity_source_id AS owner_id, 'activity' AS kind,
        a.started_at, a.ended_at, a.quantity, a.unit, a.substance, a.note, a.slip_no, a.quality, a.stage, a.issued_on, a.source_sha256, a.source_member,
        a.source_line, a.source_column, a.known_from, a.known_to
    FROM last.activity_readings AS a
    SEMI JOIN touched_owners AS t ON t.meter_id = a.activity_source_id AND t.reading_kind = 'activity'
    UNION ALL BY NAME
    SELECT 'waste_samples' AS table_name, w.rowid AS place, 'composition' AS record, w.facility_id || '/' || w.category || '/' || coalesce(w.laboratory, '') AS owner_id,
        'composition' AS kind, w.facility_id AS key, CAST(w.sampled_on AS TIMESTAMP) AS started_at, CAST(w.sampled_on + 1 AS TIMESTAMP) AS ended_at, w.category,
        w.percent AS quantity, w.basis, w.moisture_percent, w.laboratory, w.stage, w.issued_on, w.source_sha256, w.source_member,
        w.source_line, w.source_column, w.known_from, w.known_to
    FROM last.waste_samples AS w
    SEMI JOIN touched_owners AS t
        ON t.meter_id = w.facility_id || '/' || w.category || '/' || coalesce(w.laboratory, '') AND t.reading_kind = 'composition'
    UNION ALL BY NAME
    SELECT 'weather_days' AS table_name, d.rowid AS place, 'weather' AS record, d.station || '/' || d.element AS owner_id, 'weather' AS kind, d.station AS key,
        CAST(d.local_date AS TIMESTAMP) AS started_at, CAST(d.local_date + 1 AS TIMESTAMP) AS ended_at, d.element AS category,
        d.value_observed AS quantity, CAST(d.quality_mark AS VARCHAR) AS note, CAST(d.homogeneity_no AS VARCHAR) AS substance, d.stage, d.issued_on,
        d.source_sha256, d.source_line, d.source_column, d.known_from, d.known_to
    FROM last.weather_days AS d
    SEMI JOIN touched_owners AS t ON t.meter_id = d.station || '/' || d.element AND t.reading_kind = 'weather'
)
SELECT r.* EXCLUDE (source_member, known_from) REPLACE (coalesce(r.time_band, 'all') AS time_band), coalesce(r.source_member, '') AS source_member,
    r.known_from AS received_at, f.file_no, f.files
FROM rows_kept AS r
LEFT JOIN files AS f ON f.sha256 = r.source_sha256
