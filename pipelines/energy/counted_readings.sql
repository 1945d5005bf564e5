-- counted_readings: the readings in use, in the unit they are counted in (exact; the check held back what is not).
-- Interval values of electricity are told apart by day and night while the Act counts them differently (施行規則別表第三,
-- to FY2022); a slot that crosses the hour stays undivided. states_hours: the value says itself which hours it covers.
-- zero_file: the file that says zero.
-- A delivery counts on its day, or where meters.csv says spread until the next one. A closing statement says that nothing further came,
-- not that the tank was empty: fuel lasts into the next year, and delivery_years says how much. Where the row of delivery_closings states the
-- stock, spreading ends there: what was left is the fuel that came last, and goes on from that day to the next delivery. The last delivery
-- is spread to the end of the last statement; a stock after which nothing is known is not used yet.
-- delivered: what a row brought into the tank, by slips (smallest to largest), or by a stock that no slip explains (brought).
-- Inputs: current_readings, meters, counted_units, closed_deliveries, thresholds (the hours).
WITH scales AS (
    SELECT DISTINCT unit, energy_type, counted_unit, scale FROM counted_units WHERE rule_id IS NULL
),
versions AS (
    SELECT m.meter_id, m.energy_type, m.delivery_rule, s.unit, s.counted_unit,
        CAST(CAST(s.scale AS DECIMAL(24, 9)) * coalesce(m.multiplier, 1) AS DECIMAL(20, 9)) AS scale,
        coalesce(m.valid_from, DATE '0001-01-01') AS since, coalesce(m.valid_to, DATE '9999-12-31') AS until
    FROM meters AS m
    JOIN scales AS s ON s.energy_type = m.energy_type
),
hours AS (
    SELECT CAST(any_value(value) FILTER (threshold_id = 'day_tariff_from') AS INTEGER) * 3600 AS day_from,
        CAST(any_value(value) FILTER (threshold_id = 'day_tariff_to') AS INTEGER) * 3600 AS day_to,
        coalesce(any_value(valid_to) FILTER (threshold_id = 'day_tariff_from'), DATE '0001-01-01') AS ends_on
    FROM thresholds
),
counted AS NOT MATERIALIZED (
    SELECT
        r.meter_id, r.reading_kind, r.time_band, r.started_at, r.ended_at, v.counted_unit AS unit, v.energy_type,
        r.reading_kind = 'delivery' AND r.quantity <> 0 AS is_slip, coalesce(v.delivery_rule, 'on_day') = 'spread' AS is_spread,
        CASE WHEN v.scale = 1 THEN r.quantity
            ELSE CAST(CAST(r.quantity AS DECIMAL(26, 6)) * v.scale AS DECIMAL(18, 6)) END AS quantity,
        r.reading_kind <> 'delivery' OR r.quantity = 0 AS covers, r.stage = 'provisional' AS is_provisional,
        r.quality IN ('supplier_estimated', 'interpolated') AS is_estimate,
        CASE WHEN r.quantity = 0 THEN r.source_sha256 END AS zero_file
    FROM current_readings AS r
    JOIN versions AS v ON v.meter_id = r.meter_id AND v.unit = r.unit AND r.started_at >= v.since AND r.started_at < v.until
),
closings AS (
    SELECT meter_id, max(closed_until) AS closed_until
    FROM (
        SELECT meter_id, ended_at AS closed_until FROM counted WHERE reading_kind = 'delivery' AND NOT is_slip
        UNION ALL SELECT meter_id, CAST(valid_to AS TIMESTAMP) FROM closed_deliveries)
    GROUP BY meter_id
),
items AS (
    SELECT meter_id, unit, started_at, max(ended_at) AS ended_at, false AS is_stock, sum(quantity) AS quantity, min(quantity) AS smallest,
        max(quantity) AS largest, bool_or(is_provisional) AS is_provisional, bool_or(is_estimate) AS is_estimate
    FROM counted
    WHERE is_slip AND is_spread
    GROUP BY meter_id, unit, started_at
    UNION ALL BY NAME
    SELECT d.meter_id, d.unit, CAST(d.valid_to AS TIMESTAMP) AS started_at, true AS is_stock, d.stock AS quantity
    FROM closed_deliveries AS d
    JOIN meters AS m
        ON m.meter_id = d.meter_id AND m.delivery_rule = 'spread' AND d.valid_to >= coalesce(m.valid_from, DATE '0001-01-01')
        AND d.valid_to < coalesce(m.valid_to, DATE '9999-12-31')
    WHERE d.stock IS NOT NULL
),
numbered AS (
    SELECT *, count(*) FILTER (is_stock) OVER (PARTITION BY meter_id, unit ORDER BY started_at, NOT is_stock ROWS UNBOUNDED PRECEDING) AS stock_no,
        min(started_at) OVER (PARTITION BY meter_id ORDER BY started_at
            RANGE BETWEEN INTERVAL 1 MICROSECOND FOLLOWING AND UNBOUNDED FOLLOWING) AS next_at
    FROM items
),
held AS (
    SELECT meter_id, unit, stock_no, sum(quantity) AS held FROM numbered GROUP BY ALL
),
lasting AS (
    SELECT n.*, greatest(0, least(n.quantity, coalesce(s.quantity, 0) - coalesce(sum(n.quantity) OVER (PARTITION BY n.meter_id, n.unit, n.stock_no
            ORDER BY n.started_at, NOT n.is_stock ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING), 0))) AS left_over,
        CASE WHEN n.is_stock THEN greatest(0, n.quantity - coalesce(h.held, 0)) END AS brought
    FROM numbered AS n
    LEFT JOIN numbered AS s ON s.is_stock AND s.meter_id = n.meter_id AND s.unit = n.unit AND s.stock_no = n.stock_no + 1
    LEFT JOIN held AS h ON h.meter_id = n.meter_id AND h.unit = n.unit AND h.stock_no = n.stock_no - 1
),
in_use AS (
    SELECT * EXCLUDE (is_slip, is_spread), CASE WHEN is_slip THEN quantity END AS delivered, delivered AS smallest, delivered AS largest
    FROM counted
    WHERE NOT (is_slip AND is_spread)
    UNION ALL BY NAME
    SELECT l.meter_id, 'delivery' AS reading_kind, 'all' AS time_band, l.started_at,
        coalesce(l.next_at, CASE WHEN c.closed_until > coalesce(l.ended_at, l.started_at) THEN c.closed_until END, l.ended_at) AS ended_at, l.unit,
        CAST(l.quantity - l.left_over AS DECIMAL(18, 6)) AS quantity, false AS covers, coalesce(l.is_provisional, false) AS is_provisional,
        coalesce(l.is_estimate, false) AS is_estimate, CASE WHEN NOT l.is_stock THEN l.quantity END AS delivered, l.smallest, l.largest, l.brought
    FROM lasting AS l
    LEFT JOIN closings AS c ON c.meter_id = l.meter_id
    WHERE NOT l.is_stock OR l.quantity > 0 AND coalesce(l.next_at, CASE WHEN c.closed_until > l.started_at THEN c.closed_until END) IS NOT NULL
    UNION ALL BY NAME
    SELECT meter_id, reading_kind, 'all' AS time_band, CAST(valid_from AS TIMESTAMP) AS started_at, CAST(valid_to AS TIMESTAMP) AS ended_at, unit,
        CAST(0 AS DECIMAL(18, 6)) AS quantity, true AS covers, false AS is_provisional, false AS is_estimate, closing_row AS zero_file
    FROM closed_deliveries
    WHERE valid_from < valid_to
),
dated AS (
    SELECT *, CAST(started_at AS DATE) AS first_date, CAST(ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date FROM in_use
)
SELECT
    c.meter_id, c.reading_kind, c.started_at, c.ended_at, c.unit, c.quantity, c.covers, c.is_provisional, c.is_estimate,
    c.zero_file, c.first_date, c.last_date, c.delivered, c.smallest, c.largest, c.brought, c.time_band = 'all' AS states_hours,
    CASE
        WHEN c.reading_kind <> 'interval' OR c.time_band <> 'all' OR c.energy_type <> 'electricity' OR c.first_date >= h.ends_on
            THEN c.time_band
        WHEN second_of_day(c.first_date, c.started_at) >= h.day_from AND second_of_day(c.first_date, c.ended_at) <= h.day_to THEN 'day'
        WHEN second_of_day(c.first_date, c.ended_at) <= h.day_from
            OR second_of_day(c.first_date, c.started_at) >= h.day_to AND second_of_day(c.first_date, c.ended_at) <= 86400 THEN 'night'
        ELSE c.time_band
    END AS time_band
FROM dated AS c
CROSS JOIN hours AS h
