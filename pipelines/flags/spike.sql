-- spike: interval days far above what the meter uses in nearly all days (95 of 100) of the same month of any year, in the last
-- closed and the running fiscal year and the base years of targets. With fewer than 20 such days nothing is said.
-- Inputs: energy_by_meter_day, targets. Parameters: last_closed, spike_ratio.
WITH days AS (
    SELECT facility_id, meter_id, local_date, month(local_date) AS season, sum(quantity) AS quantity
    FROM energy_by_meter_day
    WHERE reading_kind = 'interval' AND facility_share > 0 AND facility_id <> 'outside' AND state IN ('measured', 'estimated', 'doubtful')
    GROUP BY ALL
),
seasons AS (
    SELECT facility_id, meter_id, season, quantile_disc(quantity, 0.95) AS usual_most
    FROM days
    GROUP BY ALL
    HAVING count(*) >= 20
)
SELECT
    d.facility_id, CAST(fiscal_year_of(d.local_date) AS INTEGER) AS fiscal_year, d.meter_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({days: CAST(count(*) AS INTEGER),
        months: string_agg(DISTINCT strftime(d.local_date, '%Y-%m'), ', ' ORDER BY strftime(d.local_date, '%Y-%m')), since: strftime(arg_max(d.local_date, d.quantity), '%Y-%m-%d'),
        quantity: CAST(max(d.quantity) AS DOUBLE), usual: CAST(arg_max(s.usual_most, d.quantity) AS DOUBLE)}) AS evidence
FROM days AS d
JOIN seasons AS s ON s.facility_id = d.facility_id AND s.meter_id = d.meter_id AND s.season = d.season
WHERE (d.local_date >= make_date(CAST($last_closed AS INTEGER), 4, 1) OR fiscal_year_of(d.local_date) IN (SELECT base_fy FROM targets))
    AND d.quantity > s.usual_most * CAST($spike_ratio AS DECIMAL(9, 3))
GROUP BY d.facility_id, fiscal_year_of(d.local_date), d.meter_id
