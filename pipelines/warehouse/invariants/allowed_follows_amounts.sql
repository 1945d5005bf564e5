-- allowed_follows_amounts: under a target set in amounts, allowed = the register's amount of the year (straight lines between the years
-- named, the last one afterwards), cut at a millionth of a gram, in whole numbers; per m2, times the floor area of each day, over the
-- days of the year, here of single facilities and of the city; where a day's area is not told there is no allowed amount. It is in force
-- then, and an amount is never taken over from a wider subject.
-- Inputs: targets, facility_results, target_results, facilities, facility_facts.
WITH points AS (
    SELECT target_id, CAST(split_part(point, ':', 1) AS INTEGER) AS since,
        CAST(CAST(split_part(point, ':', 2) AS DECIMAL(24, 6)) * 1000000 AS HUGEINT) AS micro
    FROM (SELECT target_id, unnest(string_split(coalesce(allowed_co2e_t, allowed_co2e_kg_per_m2), ';')) AS point FROM targets)
),
legs AS (
    SELECT target_id, since, micro, lead(since) OVER later AS until, lead(micro) OVER later AS next_micro
    FROM points
    WINDOW later AS (PARTITION BY target_id ORDER BY since)
),
results AS (
    SELECT facility_id, target_id, fiscal_year, allowed_co2e_kg, allowed_high_co2e_kg FROM facility_results
    UNION ALL
    SELECT NULL, target_id, fiscal_year, allowed_co2e_kg, allowed_high_co2e_kg FROM target_results
),
stated AS (
    SELECT r.*, t.subject_kind, t.allowed_co2e_t IS NOT NULL AS is_amount,
        coalesce(r.facility_id, CASE t.subject_kind WHEN 'facility' THEN t.subject_id END) AS area_of,
        t.adopted_on < make_date(r.fiscal_year + 1, 4, 1) AND coalesce(t.superseded_on >= make_date(r.fiscal_year + 1, 4, 1), true) AS is_in_force,
        coalesce(l.micro * (l.until - l.since) + (l.next_micro - l.micro) * (r.fiscal_year - l.since), l.micro) AS num,
        coalesce(l.until - l.since, 1) AS den
    FROM results AS r
    JOIN targets AS t ON t.target_id = r.target_id AND coalesce(t.allowed_co2e_t, t.allowed_co2e_kg_per_m2) IS NOT NULL
    LEFT JOIN legs AS l ON l.target_id = r.target_id AND r.fiscal_year >= l.since AND coalesce(r.fiscal_year < l.until, true)
),
days AS (
    SELECT y.fiscal_year, unnest(generate_series(make_date(y.fiscal_year, 4, 1), make_date(y.fiscal_year + 1, 3, 31), INTERVAL 1 DAY))::DATE AS local_date
    FROM (SELECT DISTINCT fiscal_year FROM stated WHERE NOT is_amount) AS y
),
areas AS (
    SELECT f.facility_id, d.fiscal_year, bool_and(a.floor_area_m2 IS NOT NULL) AS is_told,
        sum(CAST(a.floor_area_m2 * 1000 AS HUGEINT)) AS milli_days
    FROM facilities AS f
    JOIN days AS d ON d.local_date >= coalesce(f.opened_on, d.local_date) AND d.local_date < coalesce(f.closed_on, d.local_date + 1)
    LEFT JOIN facility_facts AS a
        ON a.facility_id = f.facility_id AND d.local_date >= coalesce(a.valid_from, d.local_date) AND d.local_date < coalesce(a.valid_to, d.local_date + 1)
    GROUP BY ALL
),
measured AS (
    SELECT s.facility_id, s.target_id, s.fiscal_year, bool_and(a.is_told) AS is_told, sum(a.milli_days) AS milli_days
    FROM stated AS s
    LEFT JOIN areas AS a ON a.fiscal_year = s.fiscal_year AND (a.facility_id = s.area_of OR s.area_of IS NULL AND s.subject_kind = 'city')
    WHERE NOT s.is_amount
    GROUP BY ALL
),
recomputed AS (
    SELECT s.*, CASE WHEN s.is_amount THEN s.num * 1000000 // s.den
        WHEN m.is_told THEN s.num * CAST(m.milli_days AS HUGEINT)
            // (s.den * (make_date(s.fiscal_year + 1, 4, 1) - make_date(s.fiscal_year, 4, 1))) END AS nano
    FROM stated AS s
    LEFT JOIN measured AS m
        ON m.facility_id IS NOT DISTINCT FROM s.facility_id AND m.target_id = s.target_id AND m.fiscal_year = s.fiscal_year
)
SELECT facility_id, CASE WHEN facility_id IS NULL THEN target_id END AS target_id, fiscal_year
FROM recomputed
WHERE (is_amount OR area_of IS NOT NULL OR subject_kind = 'city') AND nano IS DISTINCT FROM CAST(allowed_co2e_kg * 1000000000 AS HUGEINT)
    OR allowed_high_co2e_kg IS DISTINCT FROM allowed_co2e_kg OR NOT is_in_force
    OR is_amount AND facility_id IS NOT NULL AND subject_kind <> 'facility'
