-- delivery_slips: the deliveries that others do not bear out, like with like: a delivery against the deliveries of other fiscal years by
-- size, and the year's sum against theirs. A year agrees where each delivery of the day lies between its smallest / ratio and its largest x
-- ratio and, of a year that is closed, where it is closed too and the sums lie within the ratio. The day on which a tank is filled says nothing
-- of the use of that day, so it is never held against days or months. Enough years: as for other readings (meter_doubts); taking a
-- delivery or a closing away leaves fewer years or a narrower range.
-- Inputs: counted_readings, meter_months, meter_versions, histories. Parameters: ratio, agreeing_years, first_day, today.
WITH slips AS (
    SELECT r.meter_id, h.history, r.unit, r.first_date AS since, r.last_date + 1 AS until, fiscal_year_of(r.first_date) AS fiscal_year,
        CAST(sum(r.delivered) AS DOUBLE) AS delivered, CAST(min(r.smallest) AS DOUBLE) AS smallest, CAST(max(r.largest) AS DOUBLE) AS largest
    FROM counted_readings AS r
    JOIN histories AS h ON h.meter_id = r.meter_id
    JOIN meter_versions AS v
        ON v.meter_id = r.meter_id AND v.reading_kind = r.reading_kind AND r.first_date >= v.since AND r.first_date < v.until
    WHERE r.reading_kind = 'delivery' AND r.delivered > 0
    GROUP BY ALL
),
closed_months AS (
    SELECT h.history, m.month, bit_count(bit_or(m.covered_bits)) AS days
    FROM meter_months AS m
    JOIN histories AS h ON h.meter_id = m.meter_id
    WHERE m.reading_kind = 'delivery'
    GROUP BY h.history, m.month
),
closed_years AS (
    SELECT history, fiscal_year_of(month) AS fiscal_year FROM closed_months GROUP BY ALL HAVING sum(days) >= 365
),
years AS (
    SELECT s.history, s.unit, s.fiscal_year, sum(s.delivered) AS delivered, min(s.smallest) AS lowest, max(s.largest) AS highest,
        any_value(c.fiscal_year) IS NOT NULL AS is_closed
    FROM slips AS s
    LEFT JOIN closed_years AS c ON c.history = s.history AND c.fiscal_year = s.fiscal_year
    GROUP BY s.history, s.unit, s.fiscal_year
),
lives AS (
    SELECT h.history, min(greatest(v.since, CAST($first_day AS DATE))) AS since, max(least(v.until, CAST($today AS DATE))) AS until
    FROM meter_versions AS v
    JOIN histories AS h ON h.meter_id = v.meter_id
    GROUP BY h.history
),
fellows AS (
    SELECT s.*, y.is_closed, o.fiscal_year - s.fiscal_year AS shift, (o.lowest + o.highest) / 2 AS usual_slip, o.delivered AS usual_year,
        y.delivered AS year_delivered, s.smallest >= o.lowest / $ratio AND s.largest <= o.highest * $ratio AS is_alike,
        NOT y.is_closed OR o.is_closed AND y.delivered BETWEEN o.delivered / $ratio AND o.delivered * $ratio AS is_year_alike,
        NOT y.is_closed OR o.is_closed AS is_comparable
    FROM slips AS s
    JOIN years AS y ON y.history = s.history AND y.unit = s.unit AND y.fiscal_year = s.fiscal_year
    LEFT JOIN years AS o ON o.history = s.history AND o.unit = s.unit AND o.fiscal_year <> s.fiscal_year
),
compared AS (
    SELECT f.meter_id, f.since, f.until, f.unit, f.fiscal_year, f.delivered, f.year_delivered,
        coalesce(list(f.shift) FILTER (f.is_comparable), []) AS shifts, count(f.shift) FILTER (f.is_alike AND f.is_year_alike) AS agreeing,
        count(f.shift) FILTER (NOT f.is_alike) AS against_slips, count(f.shift) FILTER (f.is_comparable AND f.is_alike AND NOT f.is_year_alike) AS against_years,
        median(f.usual_slip) AS usual_slip, median(f.usual_year) AS usual_year,
        greatest(0, f.fiscal_year - fiscal_year_of(CAST(l.since - 1 AS DATE)) - 1) AS before,
        greatest(0, fiscal_year_of(l.until) - 1 - f.fiscal_year) AS after
    FROM fellows AS f
    JOIN lives AS l ON l.history = f.history
    GROUP BY ALL
),
told AS (
    SELECT *, before + after AS possible, against_slips = 0 AND against_years > 0 AS is_of_year,
        CASE WHEN is_of_year THEN year_delivered ELSE delivered END AS mean, CASE WHEN is_of_year THEN usual_year ELSE usual_slip END AS usual
    FROM compared
)
SELECT meter_id, since AS valid_from, until AS valid_to,
    CASE WHEN against_slips + against_years > 0 THEN 'unit_slip' ELSE 'unit_slip_unchecked' END AS rule_id,
    to_json({mean: round(mean, 3), usual: round(usual, 3), ratio: round(mean / nullif(usual, 0), 4), agreeing: agreeing,
        wanted: greatest(1, least(CAST($agreeing_years AS INTEGER), possible)), against: against_slips + against_years, unit: unit,
        lacking: years_lacking(since, before, after, shifts), per: CASE WHEN is_of_year THEN 'year' ELSE 'delivery' END}) AS evidence
FROM told
WHERE possible = 0 OR agreeing < least($agreeing_years, possible)
