-- meter_doubts: one row per meter, period and rule of quality that doubts the period.
-- unit_slip: a bill, or a month of interval data, is trusted when its daily mean lies within the ratio of the same season in
-- enough other years of the same supply point: between (lowest month around it) / ratio and (highest month around it) x ratio;
-- or so does its mean over the days on which anything was used, of interval data: what scales a month scales both alike, while
-- weeks of zeros move only the first (they are looked at day by day, see meter_zeros).
-- Enough: the setting, or all other years in which the register and today allow such a year when there are fewer. Only whole months serve as fellows, and a year is
-- one where it has every month that the period fills (of a period that fills none, one that it touches): the months beside them widen
-- the range where they are there, so that the first and the last month of the data have their fellows too, and taking data away, which
-- only narrows it, never makes a period trusted. unit_slip_unchecked: not trusted, and no fellow speaks against it.
-- Beside a low month a tenth of a high one lies within that range. So a period is a slip, too, where it lies beyond the ratio of the same months
-- of all other years, and by more than the ratio-th part of the most that the season uses, so that the edge of a heating season does not.
-- The other rules stand each in their own statement: delivery_slips (deliveries, held against deliveries), deliveries_differ, stock_unknown, register_turns, meter_zeros, standstills, bills_apart, and what readings
-- contradict or hold back (reading_doubts; days that were held back and have no other value are missing days already).
-- Inputs: meter_months, counted_readings, histories, meter_versions, doubted_seasons, delivery_slips, deliveries_differ, stock_unknown, register_turns, meter_zeros, standstills, bills_apart,
-- reading_doubts, meter_days.
-- Parameters: ratio, agreeing_years, first_day, today.
WITH pieces AS (
    SELECT r.meter_id, h.history, r.unit, r.first_date AS since, r.last_date + 1 AS until,
        CAST(sum(r.quantity) AS DOUBLE) * 86400 / sum(date_diff('second', r.started_at, r.ended_at)) AS mean,
        NULL AS used_mean
    FROM counted_readings AS r
    JOIN histories AS h ON h.meter_id = r.meter_id
    JOIN meter_versions AS v
        ON v.meter_id = r.meter_id AND v.reading_kind = r.reading_kind AND r.first_date >= v.since AND r.first_date < v.until
    WHERE r.reading_kind NOT IN ('interval', 'delivery')
    GROUP BY r.meter_id, h.history, r.unit, r.first_date, r.last_date
    UNION ALL
    SELECT m.meter_id, h.history, m.unit, m.month, CAST(m.month + INTERVAL 1 MONTH AS DATE),
        CAST(sum(m.quantity) AS DOUBLE) / bit_count(bit_or(m.day_bits)),
        CAST(sum(m.quantity) AS DOUBLE) / nullif(bit_count(bit_or(m.day_bits & ~m.zero_bits)), 0)
    FROM meter_months AS m
    JOIN histories AS h ON h.meter_id = m.meter_id
    WHERE m.reading_kind = 'interval'
    GROUP BY m.meter_id, h.history, m.unit, m.month
),
months AS (
    SELECT h.history, m.unit, year(m.month) * 12 + month(m.month) AS month_no,
        CAST(sum(m.quantity) AS DOUBLE) / bit_count(bit_or(m.day_bits)) AS mean,
        coalesce(CAST(sum(m.quantity) AS DOUBLE) / nullif(bit_count(bit_or(m.day_bits & ~m.zero_bits)), 0), 0) AS used_mean
    FROM meter_months AS m
    JOIN histories AS h ON h.meter_id = m.meter_id
    WHERE m.reading_kind <> 'delivery'
    GROUP BY h.history, m.unit, m.month
    HAVING bit_count(bit_or(m.covered_bits)) = day(last_day(m.month))
),
lives AS (
    SELECT h.history, min(greatest(v.since, CAST($first_day AS DATE))) AS since, max(least(v.until, CAST($today AS DATE))) AS until
    FROM meter_versions AS v
    JOIN histories AS h ON h.meter_id = v.meter_id
    GROUP BY h.history
),
compared_ones AS (
    SELECT p.*, slip_first(p.since, p.until) AS first_no, slip_last(p.since, p.until) AS last_no,
        year(since) * 12 + month(since) AS touched_from, year(CAST(until - 1 AS DATE)) * 12 + month(CAST(until - 1 AS DATE)) AS touched_to,
        year(since) * 12 + month(since) + CAST(day(since) > 1 AS INTEGER) AS filled_from, year(until) * 12 + month(until) - 1 AS filled_to
    FROM pieces AS p
    SEMI JOIN doubted_seasons AS s ON s.history = p.history AND is_slip_season(s.season, p.since, p.until)
),
slots AS (
    SELECT *, unnest(range(first_no, last_no + 1)) AS month_no FROM compared_ones
),
fellows AS (
    SELECT p.meter_id, p.since, p.until, p.unit, (m.month_no - p.month_no) // 12 AS shift, min(m.mean) AS lowest, max(m.mean) AS highest,
        min(m.mean) FILTER (is_same) AS same_lowest, max(m.mean) FILTER (is_same) AS same_highest,
        coalesce(p.used_mean NOT BETWEEN min(m.used_mean) FILTER (is_same) / $ratio AND max(m.used_mean) FILTER (is_same) * $ratio, true) AS is_apart_in_use,
        p.mean = 0 OR p.mean BETWEEN lowest / $ratio AND highest * $ratio
            OR coalesce(p.used_mean BETWEEN min(m.used_mean) / $ratio AND max(m.used_mean) * $ratio, false) AS agrees
    FROM (SELECT *, month_no BETWEEN touched_from AND touched_to AS is_same FROM slots) AS p
    JOIN months AS m
        ON m.history = p.history AND m.unit = p.unit AND m.month_no % 12 = p.month_no % 12 AND m.month_no <> p.month_no
    GROUP BY p.meter_id, p.since, p.until, p.unit, p.mean, p.used_mean, shift, p.touched_from, p.touched_to, p.filled_from, p.filled_to
    HAVING count(*) FILTER (p.month_no BETWEEN p.filled_from AND p.filled_to) = greatest(0, p.filled_to - p.filled_from + 1)
        AND bool_or(p.month_no BETWEEN p.touched_from AND p.touched_to)
),
compared AS (
    SELECT
        p.meter_id, p.history, p.since, p.until, p.unit, p.mean,
        CASE WHEN p.filled_from <= p.filled_to THEN p.filled_from ELSE p.touched_to END AS needed_from,
        CASE WHEN p.filled_from <= p.filled_to THEN p.filled_to ELSE p.touched_from END AS needed_to,
        coalesce(list(f.shift), []) AS shifts, count(f.shift) FILTER (f.agrees) AS agreeing, count(f.shift) FILTER (NOT f.agrees) AS against,
        median((f.lowest + f.highest) / 2) AS usual, median((f.same_lowest + f.same_highest) / 2) AS same_usual,
        bool_and(f.is_apart_in_use) AS is_apart_in_use, min(f.same_lowest) AS same_lowest, max(f.same_highest) AS same_highest,
        max(f.highest) / $ratio AS matters
    FROM compared_ones AS p
    LEFT JOIN fellows AS f ON f.meter_id = p.meter_id AND f.since = p.since AND f.until = p.until AND f.unit = p.unit
    GROUP BY ALL
),
wanted AS (
    SELECT c.*, coalesce(c.mean > 0 AND c.is_apart_in_use AND (c.mean * $ratio < c.same_lowest AND c.same_lowest - c.mean > c.matters
            OR c.mean > c.same_highest * $ratio AND c.mean - c.same_highest > c.matters), false) AS is_apart,
        CASE WHEN is_apart THEN c.same_usual ELSE c.usual END AS told_usual,
        greatest(0, c.needed_from - (year(l.since) * 12 + month(l.since) + CAST(day(l.since) > 1 AS INTEGER))) // 12 AS before,
        greatest(0, year(l.until) * 12 + month(l.until) - 1 - c.needed_to) // 12 AS after, before + after AS possible
    FROM compared AS c
    JOIN lives AS l ON l.history = c.history
)
SELECT
    meter_id, since AS valid_from, until AS valid_to, CASE WHEN is_apart OR against > 0 THEN 'unit_slip' ELSE 'unit_slip_unchecked' END AS rule_id,
    to_json({mean: round(mean, 3), usual: round(told_usual, 3), ratio: round(mean / nullif(told_usual, 0), 4), agreeing: agreeing,
        wanted: greatest(1, least(CAST($agreeing_years AS INTEGER), possible)), against: against, unit: unit,
        lacking: years_lacking(since, before, after, shifts)}) AS evidence, false AS is_lifted
FROM wanted
WHERE is_apart OR possible = 0 OR agreeing < least($agreeing_years, possible)
UNION ALL BY NAME SELECT *, false AS is_lifted FROM delivery_slips
UNION ALL BY NAME SELECT *, false AS is_lifted FROM deliveries_differ
UNION ALL BY NAME SELECT meter_id, valid_from, valid_to, rule_id, evidence, false AS is_lifted FROM stock_unknown
UNION ALL BY NAME SELECT *, false AS is_lifted FROM register_turns
UNION ALL BY NAME SELECT *, false AS is_lifted FROM meter_zeros
UNION ALL BY NAME SELECT *, false AS is_lifted FROM standstills
UNION ALL BY NAME SELECT meter_id, valid_from, valid_to, rule_id, evidence, false AS is_lifted FROM bills_apart
UNION ALL BY NAME
SELECT r.source_id AS meter_id, r.valid_from, r.valid_to, r.rule_id, r.evidence, r.is_lifted
FROM reading_doubts AS r
WHERE r.source_kind = 'meter' AND (r.rule_id <> 'held_back' OR EXISTS (
    SELECT 1 FROM meter_days AS d WHERE d.meter_id = r.source_id AND d.local_date >= r.valid_from AND d.local_date < r.valid_to))
