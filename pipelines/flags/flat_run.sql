-- flat_run: interval data that repeats exactly the same day again and again (a gateway that stands still sends its last value),
-- in the last closed and the running fiscal year. Whole days of zeros have their own rule.
-- Input: energy_by_meter_day. Parameters: last_closed, flat_run_days.
WITH days AS (
    SELECT facility_id, meter_id, local_date, sum(quantity) AS quantity
    FROM energy_by_meter_day
    WHERE reading_kind = 'interval' AND facility_share > 0 AND facility_id <> 'outside' AND state IN ('measured', 'estimated', 'doubtful')
        AND local_date >= make_date(CAST($last_closed AS INTEGER), 4, 1)
    GROUP BY ALL
),
marked AS (
    SELECT *, local_date - CAST(row_number() OVER (PARTITION BY facility_id, meter_id, quantity ORDER BY local_date) AS INTEGER) AS run
    FROM days
    WHERE quantity > 0
),
runs AS (
    SELECT facility_id, meter_id, quantity, min(local_date) AS since, count(*) AS days
    FROM marked
    GROUP BY facility_id, meter_id, quantity, run
    HAVING count(*) >= CAST($flat_run_days AS INTEGER)
),
months AS (
    SELECT facility_id, meter_id, since, unnest(range(date_trunc('month', since), CAST(since + CAST(days AS INTEGER) AS TIMESTAMP), INTERVAL 1 MONTH)) AS month
    FROM runs
)
SELECT
    r.facility_id, CAST(fiscal_year_of(r.since) AS INTEGER) AS fiscal_year, r.meter_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({days: CAST(max(r.days) AS INTEGER), since: strftime(arg_max(r.since, r.days), '%Y-%m-%d'),
        months: string_agg(DISTINCT strftime(m.month, '%Y-%m'), ', ' ORDER BY strftime(m.month, '%Y-%m')),
        quantity: CAST(arg_max(r.quantity, r.days) AS DOUBLE)}) AS evidence
FROM runs AS r
JOIN months AS m ON m.facility_id = r.facility_id AND m.meter_id = r.meter_id AND m.since = r.since
GROUP BY r.facility_id, fiscal_year_of(r.since), r.meter_id
