-- incoming: one row per parsed value of the files that count, with its receipt and whose it is.
-- A word that names no meter on that day leaves meter_id empty; a word that never does leaves is_known false.
-- A state of a register stands for its moment; the closing one of a meter belongs to the row of the register that ends then.
-- Inputs: parsed_values (Parquet), taken_tables, meter_names, activity_names (other spellings), activity_sources, facilities, waste_categories.
WITH values_of_files AS NOT MATERIALIZED (
    SELECT v.* EXCLUDE (batch_no, table_no), t.* EXCLUDE (batch_no, table_no)
    FROM parsed_values AS v
    JOIN taken_tables AS t ON t.table_no = v.table_no AND t.batch_no = v.batch_no
),
of_meters AS (
    SELECT * REPLACE (
        CASE WHEN reading_kind = 'register' THEN 'register' ELSE record END AS record,
        CASE WHEN record = 'reading' AND reading_kind = 'register' THEN ended_at ELSE started_at END AS started_at,
        CASE WHEN record = 'reading' AND reading_kind = 'register' THEN ended_at + INTERVAL 1 MINUTE ELSE ended_at END AS ended_at,
        CASE WHEN reading_kind = 'register' THEN coalesce(lower(substance), 'reading') ELSE substance END AS substance)
    FROM values_of_files
    WHERE record IN ('reading', 'register')
),
metered AS (
    SELECT
        v.*, n.meter_id AS owner_id, n.energy_type AS owner_type, coalesce(v.unit, n.unit) AS raw_unit,
        coalesce(v.reading_kind, n.reading_kind) AS kind, n.multiplier, n.runs_to AS until, n.same_until,
        n.meter_id IS NOT NULL OR v.key IN (SELECT word FROM meter_names) AS is_known
    FROM of_meters AS v
    LEFT JOIN meter_names AS n
        ON n.word = v.key AND v.started_at - CASE WHEN v.substance = 'closing' AND v.record = 'register' THEN INTERVAL 1 MINUTE
            ELSE INTERVAL 0 MINUTE END >= n.since
        AND v.started_at - CASE WHEN v.substance = 'closing' AND v.record = 'register' THEN INTERVAL 1 MINUTE
            ELSE INTERVAL 0 MINUTE END < n.until
),
active AS (
    SELECT
        v.*, s.activity_source_id AS owner_id, s.activity AS owner_type, coalesce(v.unit, s.unit) AS raw_unit,
        'activity' AS kind, 1 AS multiplier, coalesce(s.valid_to, DATE '9999-12-31') AS until,
        coalesce(a.activity_source_id, v.key) IN (SELECT activity_source_id FROM activity_sources) AS is_known, s.derived_from IS NOT NULL AS is_derived
    FROM values_of_files AS v
    LEFT JOIN activity_names AS a ON a.word = v.key
    LEFT JOIN activity_sources AS s
        ON s.activity_source_id = coalesce(a.activity_source_id, v.key) AND v.started_at >= coalesce(s.valid_from, DATE '0001-01-01')
        AND v.started_at < coalesce(s.valid_to, DATE '9999-12-31')
    WHERE v.record = 'activity'
),
weather AS (
    SELECT *, key || '/' || category AS owner_id, 'weather' AS owner_type, NULL AS raw_unit, 'weather' AS kind, 1 AS multiplier,
        DATE '9999-12-31' AS until, true AS is_known
    FROM values_of_files
    WHERE record = 'weather'
),
categories AS (
    SELECT DISTINCT category AS canonical, activity, trim(unnest(string_split(concat_ws(';', category, name_ja, aliases), ';'))) AS word
    FROM waste_categories
),
sampled AS (
    SELECT
        v.* REPLACE (coalesce(w.canonical, v.category) AS category, date_trunc('day', v.started_at) AS started_at,
            date_trunc('day', v.started_at) + INTERVAL 1 DAY AS ended_at),
        f.facility_id || '/' || coalesce(w.canonical, '?') || '/' || coalesce(v.laboratory, '') AS owner_id, 'composition' AS owner_type,
        NULL AS raw_unit, 'composition' AS kind, 1 AS multiplier, DATE '9999-12-31' AS until, false AS is_known,
        w.canonical IS NULL AS is_unknown_category
    FROM values_of_files AS v
    LEFT JOIN facilities AS f ON f.facility_id = v.key
    LEFT JOIN categories AS w ON w.word = v.category AND w.word <> ''
    WHERE v.record = 'composition'
)
FROM metered
UNION ALL BY NAME FROM weather
UNION ALL BY NAME FROM active
UNION ALL BY NAME FROM sampled
