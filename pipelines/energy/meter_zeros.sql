-- meter_zeros: the months of meters with whole days of zeros (or a bill of zero) that their season does not explain.
-- zero_day: at least `zero_years` other years have this season (the month and those beside it) and none is one of zeros.
-- zero_unchecked: too few years, or they do not agree. A season is one of zeros where zeros, at least half as many days, stand
-- in most of the years in which the meter could have sent data, and in two at least; or where a person has accepted zeros there. A file
-- speaks for its own zeros only where it also says what the meter used within half a year of them: a file of nothing but zeros is
-- no witness. Taking a year away never makes a season one of zeros: the years are those since the city's first data.
-- Deliveries are looked at over the whole fiscal year, since closing statements are zeros of their own kind. Generation and export
-- are not judged: zeros there save nothing.
-- Inputs: meter_months, meter_versions, histories, readings, overrides. Parameters: zero_years, today.
WITH begun AS (
    SELECT min(month) AS first_month FROM meter_months
),
lives AS (
    SELECT h.history, min(greatest(v.since, b.first_month)) AS since, max(least(v.until, CAST($today AS DATE))) AS until
    FROM meter_versions AS v
    JOIN histories AS h ON h.meter_id = v.meter_id
    CROSS JOIN begun AS b
    GROUP BY h.history
),
judged AS (
    SELECT DISTINCT meter_id FROM meter_versions WHERE role NOT IN ('generation', 'export')
),
alive AS (
    SELECT DISTINCT m.meter_id, m.month
    FROM meter_months AS m
    JOIN readings AS r
        ON r.meter_id = m.meter_id AND r.source_sha256 = m.zero_file AND r.known_to IS NULL AND r.quantity > 0
        AND r.started_at >= m.month - INTERVAL 6 MONTH AND r.started_at < m.month + INTERVAL 7 MONTH
    WHERE m.zero_bits <> 0
),
months AS (
    SELECT h.history, year(m.month) * 12 + month(m.month) AS month_no, bit_count(bit_or(m.zero_bits)) AS zero_days,
        min(m.zero_file) AS zero_file, bit_count(bit_or(m.covered_bits)) = day(last_day(m.month)) AS is_full,
        bool_or(a.meter_id IS NOT NULL) AS is_alive
    FROM meter_months AS m
    JOIN histories AS h ON h.meter_id = m.meter_id
    LEFT JOIN alive AS a ON a.meter_id = m.meter_id AND a.month = m.month
    WHERE m.reading_kind <> 'delivery'
    GROUP BY h.history, m.month
),
accepted AS (
    SELECT DISTINCT h.history, year(o.day) * 12 + month(o.day) AS month_no
    FROM (SELECT source_id, unnest(generate_series(CAST(since AS TIMESTAMP), CAST(until - 1 AS TIMESTAMP), INTERVAL 1 DAY)) AS day
        FROM overrides WHERE source_kind = 'meter' AND rule_id IN ('zero_day', 'zero_unchecked')) AS o
    JOIN histories AS h ON h.meter_id = o.source_id
),
zeros AS (
    SELECT m.meter_id, h.history, m.month, m.month + INTERVAL 1 MONTH AS until, year(m.month) * 12 + month(m.month) AS month_no,
        max(bit_count(m.zero_bits)) AS zero_days, min(m.zero_file) AS zero_file
    FROM meter_months AS m
    JOIN histories AS h ON h.meter_id = m.meter_id
    SEMI JOIN judged AS j ON j.meter_id = m.meter_id
    WHERE m.zero_bits <> 0 AND m.reading_kind <> 'delivery'
    GROUP BY ALL
),
others AS (
    SELECT z.meter_id, z.month, (o.month_no - z.month_no + 12001) // 12 AS shift, count(*) FILTER (o.is_full) = 3 AS is_whole,
        bool_or(o.zero_days * 2 >= z.zero_days AND (o.zero_file <> z.zero_file OR o.is_alive)) AS is_of_zeros,
        bool_or(o.zero_days * 2 >= z.zero_days) AS has_zeros
    FROM zeros AS z
    JOIN months AS o
        ON o.history = z.history AND (o.month_no - z.month_no + 12001) % 12 IN (0, 1, 2) AND abs(o.month_no - z.month_no) > 1
    GROUP BY ALL
),
counted AS (
    SELECT z.meter_id, z.history, z.month, z.until, z.zero_days, z.month_no, count(o.shift) FILTER (o.is_whole) AS years,
        count(o.shift) FILTER (o.is_of_zeros) AS zero_years, count(o.shift) FILTER (o.is_whole AND o.has_zeros) AS alike
    FROM zeros AS z
    LEFT JOIN others AS o ON o.meter_id = z.meter_id AND o.month = z.month
    GROUP BY ALL
),
compared AS (
    SELECT c.*, greatest(c.years,
            greatest(0, c.month_no - 1 - (year(l.since) * 12 + month(l.since))) // 12
            + greatest(0, year(l.until) * 12 + month(l.until) - 1 - (c.month_no + 1)) // 12) AS possible
    FROM counted AS c
    JOIN lives AS l ON l.history = c.history
    WHERE NOT EXISTS (SELECT 1 FROM accepted AS a
        WHERE a.history = c.history AND a.month_no NOT BETWEEN c.month_no - 1 AND c.month_no + 1
            AND (a.month_no - c.month_no + 12001) % 12 IN (0, 1, 2))
),
delivered AS (
    SELECT m.meter_id, h.history, fiscal_year_of(m.month) AS fiscal_year, sum(m.quantity) AS quantity,
        sum(bit_count(m.covered_bits)) >= 365 AS is_whole, min(m.zero_file) AS zero_file
    FROM meter_months AS m
    JOIN histories AS h ON h.meter_id = m.meter_id
    SEMI JOIN judged AS j ON j.meter_id = m.meter_id
    WHERE m.reading_kind = 'delivery'
    GROUP BY ALL
),
years_delivered AS (
    SELECT d.meter_id, d.history, d.fiscal_year, make_date(d.fiscal_year, 4, 1) AS since, make_date(d.fiscal_year + 1, 4, 1) AS until,
        count(o.fiscal_year) AS years, count(o.fiscal_year) FILTER (o.quantity = 0 AND o.zero_file <> d.zero_file) AS zero_years,
        count(o.fiscal_year) FILTER (o.quantity = 0) AS alike
    FROM delivered AS d
    LEFT JOIN delivered AS o ON o.history = d.history AND o.fiscal_year <> d.fiscal_year AND (o.is_whole OR o.quantity > 0)
    WHERE d.quantity = 0 AND d.is_whole
    GROUP BY ALL
),
found AS (
    SELECT meter_id, month AS since, CAST(until AS DATE) AS until, zero_days, years, zero_years, alike, possible FROM compared
    UNION ALL
    SELECT y.meter_id, y.since, y.until, CAST(y.until - y.since AS BIGINT), y.years, y.zero_years, y.alike,
        greatest(y.years, greatest(0, y.fiscal_year - fiscal_year_of(CAST(l.since - 1 AS DATE)) - 1)
            + greatest(0, fiscal_year_of(l.until) - 1 - y.fiscal_year))
    FROM years_delivered AS y
    JOIN lives AS l ON l.history = y.history
)
SELECT
    meter_id, since AS valid_from, until AS valid_to,
    CASE WHEN years >= CAST($zero_years AS INTEGER) AND alike = 0 THEN 'zero_day' ELSE 'zero_unchecked' END AS rule_id,
    to_json({days: zero_days, years: years, zero_years: zero_years}) AS evidence
FROM found
WHERE NOT (zero_years >= 2 AND zero_years * 2 > possible)
