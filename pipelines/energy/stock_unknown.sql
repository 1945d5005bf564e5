-- stock_unknown: the days of a tank whose deliveries are spread on which what was burnt had come before anything is known of it: closed days
-- (nothing further came) before the first delivery or stated stock, or after days that are not closed, when another may have come. One row per
-- fiscal year. At most what the tank holds (tank_capacity, and never less than came at once) was burnt from it in all, which the first day's
-- upper bound carries. Where the register does not say it, a base year that no target judges takes the largest delivery known, since
-- spreading takes a tank for empty when the next one comes: there a slip that is taken away only lowers what is allowed at most. A tank of
-- a facility that opened since was empty.
-- Inputs: counted_readings, closed_deliveries, meters, facilities, targets.
WITH closed AS (
    SELECT meter_id, first_date AS since, last_date + 1 AS until FROM counted_readings WHERE reading_kind = 'delivery' AND covers
),
told AS (
    SELECT *, count(*) FILTER (is_apart) OVER (PARTITION BY meter_id ORDER BY since, until ROWS UNBOUNDED PRECEDING) AS span
    FROM (
        SELECT *, since > coalesce(max(until) OVER (PARTITION BY meter_id ORDER BY since, until ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
            DATE '0001-01-01') AS is_apart
        FROM closed)
),
spans AS (
    SELECT meter_id, min(since) AS since, max(until) AS until FROM told GROUP BY meter_id, span
),
largest AS (
    SELECT meter_id, max(largest) AS delivered FROM counted_readings WHERE reading_kind = 'delivery' AND delivered > 0 GROUP BY meter_id
),
known AS (
    SELECT meter_id, first_date AS known_on FROM counted_readings WHERE reading_kind = 'delivery' AND delivered IS NOT NULL
    UNION
    SELECT meter_id, valid_to FROM closed_deliveries WHERE stock IS NOT NULL
),
runs AS (
    SELECT s.meter_id, s.since, least(s.until, coalesce(min(k.known_on), s.until)) AS until, min(k.known_on) AS known_on
    FROM spans AS s
    LEFT JOIN known AS k ON k.meter_id = s.meter_id AND k.known_on >= s.since - 1
    GROUP BY s.meter_id, s.since, s.until
),
years AS (
    SELECT *, unnest(range(fiscal_year_of(since), fiscal_year_of(CAST(until - 1 AS DATE)) + 1)) AS fiscal_year
    FROM runs
    WHERE since < until
),
pieces AS (
    SELECT y.meter_id, CASE WHEN m.tank_capacity IS NOT NULL THEN greatest(m.tank_capacity, l.delivered)
            WHEN y.fiscal_year <= (SELECT min(base_fy) FROM targets) THEN l.delivered END AS tank_capacity, y.since AS run_since, y.known_on, f.opened_on,
        greatest(y.since, make_date(CAST(y.fiscal_year AS INTEGER), 4, 1), coalesce(m.valid_from, DATE '0001-01-01')) AS valid_from,
        least(y.until, make_date(CAST(y.fiscal_year AS INTEGER) + 1, 4, 1), coalesce(m.valid_to, DATE '9999-12-31')) AS valid_to
    FROM years AS y
    JOIN meters AS m ON m.meter_id = y.meter_id AND m.delivery_rule = 'spread'
    JOIN facilities AS f ON f.facility_id = m.facility_id
    LEFT JOIN largest AS l ON l.meter_id = y.meter_id
)
SELECT meter_id, valid_from, valid_to, 'stock_unknown' AS rule_id, tank_capacity,
    to_json({before: fiscal_year_of(CAST(run_since - 1 AS DATE)), since: strftime(run_since, '%Y-%m-%d'),
        known_on: strftime(known_on, '%Y-%m-%d')}) AS evidence
FROM pieces
WHERE valid_from < valid_to AND run_since > coalesce(opened_on, DATE '0001-01-01')
