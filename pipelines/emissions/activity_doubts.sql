-- activity_doubts: one row per activity source, period and rule of quality that doubts it: the rules of meters, held against the
-- source's own seasons. Monthly figures are compared month by month (with the months beside it); yearly figures, stocks, fractions of
-- analyses and sources of single events (refills of a substance) by fiscal years.
-- unit_slip: the mean of a day is not within `ratio` of the same season in enough other years, and one speaks against it; a year serves
-- that has the whole month itself, the whole months beside it widen the range;
-- unit_slip_unchecked: not enough, and none against. zero_day: nothing, where `zero_years` other years have the season and none is
-- one of zeros; zero_unchecked: too few years, or they do not agree. Zeros in most years make a season one of zeros;
-- a file speaks for its own only where it also says what was done within half a year of them.
-- A derived source (burnt fraction) stands under every doubt of what it is derived from, and needs no check of its own where there is
-- nothing to compare with. Events of a substance vary from nothing to much: they are doubted only where two years speak against them and none for them.
-- Inputs: plain_activity_days, activity_readings, activity_sources, activities, reading_doubts. Parameters: ratio, agreeing_years, zero_years, first_day, today.
WITH kinds AS (
    SELECT s.activity_source_id, bool_or(s.frequency = 'year' OR s.derived_from IS NOT NULL OR s.substance IS NOT NULL OR a.per_year = 'yes') AS is_yearly,
        bool_or(s.substance IS NOT NULL AND a.per_year <> 'yes') AS is_event, bool_or(s.derived_from IS NOT NULL) AS is_derived,
        min(greatest(coalesce(s.valid_from, CAST($first_day AS DATE)), CAST($first_day AS DATE))) AS since,
        max(least(coalesce(s.valid_to, CAST($today AS DATE)), CAST($today AS DATE))) AS until
    FROM activity_sources AS s
    JOIN activities AS a ON a.activity = s.activity
    GROUP BY s.activity_source_id
),
begun AS (
    SELECT min(local_date) AS first_date FROM plain_activity_days WHERE quantity IS NOT NULL
),
months AS (
    SELECT p.activity_source_id, CAST(date_trunc('month', p.local_date) AS DATE) AS since,
        CAST(date_trunc('month', p.local_date) + INTERVAL 1 MONTH AS DATE) AS until,
        year(p.local_date) * 12 + month(p.local_date) AS period_no, 12 AS cycle, 1 AS margin,
        sum(p.quantity) AS quantity, CAST(sum(p.quantity) AS DOUBLE) / count(*) AS mean, count(*) = day(last_day(any_value(p.local_date))) AS is_full,
        min(p.zero_file) AS zero_file, any_value(p.unit) AS unit
    FROM plain_activity_days AS p
    JOIN kinds AS k ON k.activity_source_id = p.activity_source_id AND NOT k.is_yearly
    WHERE p.quantity IS NOT NULL
    GROUP BY ALL
),
years AS (
    SELECT p.activity_source_id, make_date(fiscal_year_of(p.local_date), 4, 1) AS since, make_date(fiscal_year_of(p.local_date) + 1, 4, 1) AS until,
        fiscal_year_of(p.local_date) AS period_no, 1 AS cycle, 0 AS margin, sum(p.quantity) AS quantity,
        CAST(sum(p.quantity) AS DOUBLE) / count(*) AS mean, count(*) >= 365 AS is_full, min(p.zero_file) AS zero_file, any_value(p.unit) AS unit
    FROM plain_activity_days AS p
    JOIN kinds AS k ON k.activity_source_id = p.activity_source_id AND k.is_yearly
    WHERE p.quantity IS NOT NULL
    GROUP BY ALL
),
periods AS (
    FROM months UNION ALL BY NAME FROM years
),
pieces AS (
    SELECT p.*, EXISTS (SELECT 1 FROM activity_readings AS r
        WHERE r.activity_source_id = p.activity_source_id AND r.source_sha256 = p.zero_file AND r.known_to IS NULL AND r.quantity > 0
            AND r.started_at >= p.since - INTERVAL 6 MONTH AND r.started_at < p.until + INTERVAL 6 MONTH) AS is_alive
    FROM periods AS p
),
fellows AS (
    SELECT p.activity_source_id, p.since, (o.period_no - p.period_no + p.margin + 12000) // p.cycle AS shift,
        min(o.mean) FILTER (o.is_full) AS lowest, max(o.mean) FILTER (o.is_full) AS highest,
        coalesce(bool_or(o.is_full AND (o.period_no - p.period_no + p.margin + 12000) % p.cycle = p.margin), false) AS has_season,
        count(*) FILTER (o.is_full) = p.margin * 2 + 1 AS is_whole, bool_or(o.quantity = 0) AS has_zeros,
        bool_or(o.quantity = 0 AND (o.zero_file <> p.zero_file OR o.is_alive)) AS is_of_zeros
    FROM pieces AS p
    JOIN pieces AS o
        ON o.activity_source_id = p.activity_source_id AND (o.period_no - p.period_no + p.margin + 12000) % p.cycle <= 2 * p.margin
        AND abs(o.period_no - p.period_no) > p.margin
    GROUP BY p.activity_source_id, p.since, p.margin, p.cycle, shift, p.zero_file
),
compared AS (
    SELECT p.activity_source_id, p.since, p.until, p.quantity, p.mean, p.unit, k.is_event, k.is_derived,
        count(f.shift) FILTER (f.has_season AND p.mean BETWEEN f.lowest / $ratio AND f.highest * $ratio) AS agreeing,
        count(f.shift) FILTER (f.has_season AND NOT p.mean BETWEEN f.lowest / $ratio AND f.highest * $ratio) AS against,
        count(f.shift) FILTER (f.is_whole) AS years, count(f.shift) FILTER (f.is_of_zeros) AS zero_years,
        count(f.shift) FILTER (f.is_whole AND f.has_zeros) AS alike, median((f.lowest + f.highest) / 2) AS usual,
        greatest(0, date_diff('month', k.since, p.since) - CAST(day(k.since) > 1 AS INTEGER)) // 12 AS before,
        greatest(0, date_diff('month', p.until, k.until)) // 12 AS after, before + after AS possible,
        coalesce(list(f.shift - 12000 // p.cycle) FILTER (f.has_season), []) AS shifts,
        greatest(0, date_diff('month', greatest(k.since, b.first_date), p.since) - p.margin) // 12
            + greatest(0, date_diff('month', p.until, k.until) - p.margin) // 12 AS possible_zeros
    FROM pieces AS p
    JOIN kinds AS k ON k.activity_source_id = p.activity_source_id
    CROSS JOIN begun AS b
    LEFT JOIN fellows AS f ON f.activity_source_id = p.activity_source_id AND f.since = p.since
    GROUP BY ALL
),
slips AS (
    SELECT *, CASE WHEN against > 0 THEN 'unit_slip' ELSE 'unit_slip_unchecked' END AS rule_id
    FROM compared
    WHERE mean > 0 AND NOT (is_derived AND against = 0) AND CASE WHEN is_event THEN against >= 2 AND agreeing = 0
        ELSE possible = 0 OR agreeing < least(CAST($agreeing_years AS INTEGER), possible) END
),
zeros AS (
    SELECT *, CASE WHEN years >= CAST($zero_years AS INTEGER) AND alike = 0 THEN 'zero_day' ELSE 'zero_unchecked' END AS rule_id
    FROM compared
    WHERE quantity = 0 AND NOT (is_derived AND (years < 2 OR alike > 0)) AND NOT (zero_years >= 2 AND zero_years * 2 > greatest(possible_zeros, years))
),
found AS (
    SELECT activity_source_id, since AS valid_from, until AS valid_to, rule_id, false AS is_lifted,
    to_json({mean: round(mean, 6), usual: round(usual, 6), ratio: round(mean / nullif(usual, 0), 4), agreeing: agreeing,
        wanted: greatest(1, least(CAST($agreeing_years AS INTEGER), possible)), against: against, unit: unit,
        lacking: years_lacking(since, before, after, shifts)}) AS evidence
    FROM slips
    UNION ALL
    SELECT activity_source_id, since, until, rule_id, false, to_json({years: years, zero_years: zero_years, unit: unit})
    FROM zeros
    UNION ALL
    SELECT source_id, valid_from, valid_to, rule_id, is_lifted, evidence
    FROM reading_doubts
    WHERE source_kind = 'activity'
)
SELECT activity_source_id, valid_from, valid_to, rule_id, evidence, is_lifted FROM found
UNION ALL
SELECT s.activity_source_id, greatest(f.valid_from, coalesce(s.valid_from, f.valid_from)), least(f.valid_to, coalesce(s.valid_to, f.valid_to)),
    f.rule_id, f.evidence, f.is_lifted
FROM found AS f
JOIN activity_sources AS s ON s.derived_from = f.activity_source_id AND coalesce(s.valid_from, f.valid_from) < f.valid_to
    AND coalesce(s.valid_to, f.valid_to) > f.valid_from
