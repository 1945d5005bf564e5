-- standstills: the periods in which a meter of intervals says the same value above zero for `standstill_hours` and more: a register or
-- a gateway that stands still. Missing values join what stands on both their sides. Longer than the meter's own usual longest run: the
-- second longest of the longest runs of its other fiscal years (with fewer than two: none). The value must be above 20 times the
-- meter's resolution (what divides all its days and their largest slots) or 1 % of its contracted power. Of fewer than 20 different days the
-- resolution is not known, and the value is taken for above it: taking days away makes a resolution coarser. Values of whole days: at
-- least `flat_run_days`.
-- Inputs: meter_days, meter_versions, readings, histories, contracts. Parameters: standstill_hours, flat_run_days.
WITH days AS (
    SELECT d.meter_id, d.local_date, max(d.top_slot) AS top_slot, CASE WHEN bool_and(d.flat_slot IS NOT NULL) AND min(d.flat_slot) = max(d.flat_slot) THEN min(d.flat_slot) END AS flat,
        min(d.slot_seconds) AS slot_seconds, sum(d.quantity) AS quantity
    FROM meter_days AS d
    JOIN meter_versions AS v
        ON v.meter_id = d.meter_id AND v.reading_kind = d.reading_kind AND d.local_date >= v.since AND d.local_date < v.until
    WHERE d.reading_kind = 'interval'
        AND d.meter_id IN (SELECT meter_id FROM meter_days WHERE flat_slot > 0 AND reading_kind = 'interval')
    GROUP BY d.meter_id, d.local_date
),
marked AS (
    SELECT *, count(*) FILTER (flat IS DISTINCT FROM before) OVER (PARTITION BY meter_id ORDER BY local_date) AS run
    FROM (SELECT *, lag(flat) OVER (PARTITION BY meter_id ORDER BY local_date) AS before FROM days)
),
flats AS (
    SELECT meter_id, run, flat, min(local_date) AS first_date, max(local_date) AS last_date, count(*) AS days, max(slot_seconds) AS slot_seconds
    FROM marked
    WHERE flat > 0
    GROUP BY meter_id, run, flat
),
raws AS (
    SELECT f.meter_id, f.run, any_value(r.quantity) AS raw
    FROM flats AS f
    JOIN readings AS r
        ON r.meter_id = f.meter_id AND r.reading_kind = 'interval' AND r.known_to IS NULL AND r.started_at = CAST(f.first_date AS TIMESTAMP) + INTERVAL 12 HOUR
    GROUP BY ALL
),
around AS (
    SELECT f.meter_id, f.run,
        max(r.ended_at) FILTER (r.started_at < f.first_date AND r.quantity <> w.raw) AS other_until,
        min(r.started_at) FILTER (r.started_at >= f.last_date + 1 AND r.quantity <> w.raw) AS other_since
    FROM flats AS f
    JOIN raws AS w ON w.meter_id = f.meter_id AND w.run = f.run
    JOIN readings AS r
        ON r.meter_id = f.meter_id AND r.reading_kind = 'interval' AND r.known_to IS NULL
        AND (r.started_at >= f.first_date - 1 AND r.started_at < f.first_date OR r.started_at >= f.last_date + 1 AND r.started_at < f.last_date + 2)
    GROUP BY ALL
),
runs AS (
    SELECT f.*, coalesce(a.other_until, CAST(f.first_date AS TIMESTAMP)) AS since,
        coalesce(a.other_since, CAST(f.last_date + 1 AS TIMESTAMP)) AS until,
        date_diff('hour', coalesce(a.other_until, CAST(f.first_date AS TIMESTAMP)), coalesce(a.other_since, CAST(f.last_date + 1 AS TIMESTAMP))) AS hours,
        fiscal_year_of(f.first_date) AS fiscal_year, h.history
    FROM flats AS f
    JOIN histories AS h ON h.meter_id = f.meter_id
    LEFT JOIN around AS a ON a.meter_id = f.meter_id AND a.run = f.run
),
longest AS (
    SELECT history, fiscal_year, max(hours) AS hours FROM runs GROUP BY ALL
),
usual AS (
    SELECT y.history, y.fiscal_year, coalesce(list_sort(list(o.hours), 'DESC')[2], 0) AS hours
    FROM longest AS y
    LEFT JOIN longest AS o ON o.history = y.history AND o.fiscal_year <> y.fiscal_year
    GROUP BY y.history, y.fiscal_year
),
resolutions AS (
    SELECT meter_id, list_reduce(list(DISTINCT micro(said)), lambda a, b: gcd(a, b)) AS resolution, count(DISTINCT quantity) >= 20 AS is_known
    FROM (SELECT meter_id, quantity, unnest([quantity, top_slot]) AS said FROM days WHERE quantity > 0)
    WHERE said > 0
    GROUP BY meter_id
),
powers AS (
    SELECT meter_id, min(contract_kw) AS contract_kw FROM contracts WHERE contract_kw IS NOT NULL GROUP BY meter_id
)
SELECT
    r.meter_id, CAST(r.since AS DATE) AS valid_from, CAST(r.until - INTERVAL 1 MICROSECOND AS DATE) + 1 AS valid_to, 'standstill' AS rule_id,
    to_json({quantity: CAST(r.flat AS DOUBLE), hours: r.hours, usual_hours: u.hours, since: strftime(r.since, '%Y-%m-%d %H:%M'),
        until: strftime(r.until, '%Y-%m-%d %H:%M')}) AS evidence
FROM runs AS r
JOIN usual AS u ON u.history = r.history AND u.fiscal_year = r.fiscal_year
JOIN resolutions AS s ON s.meter_id = r.meter_id
LEFT JOIN powers AS p ON p.meter_id = r.meter_id
WHERE r.hours >= CAST($standstill_hours AS INTEGER) AND r.hours > u.hours
    AND (r.slot_seconds < 86400 OR r.days >= CAST($flat_run_days AS INTEGER))
    AND (NOT s.is_known OR micro(r.flat) > 20 * s.resolution OR CAST(micro(r.flat) AS HUGEINT) * 3600 * 100 > CAST(micro(p.contract_kw) AS HUGEINT) * r.slot_seconds)
