-- plain_activity_days: one row per activity source and day, before any doubt: reported figures spread over their days, silent
-- expected days missing. Several rows of one source and day add up (two furnaces, two refills); of two substances the day names both,
-- and no factor or potential of one serves it: each needs a source of its own in the register.
-- Amounts are divided exactly (whole millionths, the rest to the earliest days). Stocks (persons, machines, kg filled)
-- stand on every day; their factor is per year. A derived source (burnt fraction) takes the tonnes of the source it is derived
-- from times the year's fraction, rounded half-even to six places; without a fraction its day is missing, with the reason.
-- Inputs: activity_readings, activity_sources, activities, counted_units, facilities, waste_fractions. Parameters: first_day, today.
WITH sources AS (
    SELECT
        s.activity_source_id, s.facility_id, s.activity, s.substance, s.derived_from, a.usual_unit, a.per_year = 'yes' AS is_stock,
        coalesce(s.valid_from, DATE '0001-01-01') AS since, coalesce(s.valid_to, DATE '9999-12-31') AS until
    FROM activity_sources AS s
    JOIN activities AS a ON a.activity = s.activity
),
scales AS (
    SELECT DISTINCT unit, energy_type, scale FROM counted_units WHERE rule_id IS NULL
),
reported AS (
    SELECT
        r.activity_source_id, s.facility_id, s.activity, coalesce(r.substance, s.substance) AS substance, s.usual_unit,
        s.is_stock, CAST(r.started_at AS DATE) AS first_date,
        CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE) - CAST(r.started_at AS DATE) + 1 AS days,
        CAST(CAST(r.quantity AS DECIMAL(26, 6)) * c.scale AS DECIMAL(18, 6)) AS quantity, r.stage = 'provisional' AS is_provisional,
        unnest(range(0, CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE) - CAST(r.started_at AS DATE) + 1)) AS place,
        CASE WHEN r.quantity = 0 THEN r.source_sha256 END AS zero_file
    FROM activity_readings AS r
    JOIN sources AS s ON s.activity_source_id = r.activity_source_id AND r.started_at >= s.since AND r.started_at < s.until
    JOIN scales AS c ON c.unit = r.unit AND c.energy_type = s.activity
    WHERE r.known_to IS NULL
),
spread AS (
    SELECT
        activity_source_id, any_value(facility_id) AS facility_id, any_value(activity) AS activity,
        string_agg(DISTINCT substance, ' / ' ORDER BY substance) AS substance,
        any_value(usual_unit) AS usual_unit, bool_or(is_provisional) AS is_provisional,
        CAST(first_date + CAST(place AS INTEGER) AS DATE) AS local_date,
        CAST(sum(CASE WHEN is_stock THEN quantity
            ELSE from_micro(micro(quantity) // days + CASE WHEN place < micro(quantity) % days THEN 1 ELSE 0 END) END) AS DECIMAL(18, 6)) AS quantity,
        min(zero_file) AS zero_file
    FROM reported
    GROUP BY activity_source_id, CAST(first_date + CAST(place AS INTEGER) AS DATE)
),
derived AS (
    SELECT
        s.activity_source_id, s.facility_id, s.activity, s.substance, s.usual_unit, p.is_provisional, p.local_date,
        p.zero_file, p.quantity * w.fraction AS exact, CAST(p.quantity * w.fraction AS DECIMAL(38, 6)) AS near, s.derived_from,
        CASE WHEN w.fraction IS NULL THEN 'no_burnt_fraction' END AS why_none
    FROM sources AS s
    JOIN spread AS p ON p.activity_source_id = s.derived_from AND p.local_date >= s.since AND p.local_date < s.until
    LEFT JOIN waste_fractions AS w
        ON w.facility_id = s.facility_id AND w.activity = s.activity AND w.fiscal_year = fiscal_year_of(p.local_date)
),
known AS (
    SELECT *, NULL AS derived_from, NULL AS why_none FROM spread
    UNION ALL BY NAME
    SELECT * EXCLUDE (exact, near), CAST(CASE WHEN near - exact = 0.0000005 AND CAST(near * 1000000 AS HUGEINT) % 2 <> 0
        THEN near - 0.000001 ELSE near END AS DECIMAL(18, 6)) AS quantity
    FROM derived
),
expected AS (
    SELECT s.activity_source_id, s.facility_id, s.activity, s.substance, s.usual_unit, CAST(unnest(generate_series(
        CAST(greatest(s.since, coalesce(f.opened_on, s.since), CAST($first_day AS DATE)) AS TIMESTAMP),
        CAST(least(s.until, coalesce(f.closed_on, s.until), CAST($today AS DATE)) - 1 AS TIMESTAMP),
        INTERVAL 1 DAY)) AS DATE) AS local_date
    FROM sources AS s
    JOIN facilities AS f ON f.facility_id = s.facility_id
)
SELECT
    coalesce(r.activity_source_id, e.activity_source_id) AS activity_source_id, coalesce(r.facility_id, e.facility_id) AS facility_id,
    coalesce(r.activity, e.activity) AS activity, coalesce(r.substance, e.substance) AS substance,
    coalesce(r.local_date, e.local_date) AS local_date, r.quantity, coalesce(r.usual_unit, e.usual_unit) AS unit, r.why_none,
    coalesce(r.is_provisional, false) AS is_provisional, e.local_date IS NOT NULL AS expected, r.derived_from, r.zero_file
FROM expected AS e
FULL JOIN known AS r ON r.activity_source_id = e.activity_source_id AND r.local_date = e.local_date
