-- bill_differs: bills that differ from the intervals of the same days by more than the tolerance, in the last closed and the
-- running fiscal year. Inputs: reconciliations, energy_by_meter_day. Parameter: last_closed.
WITH apart AS (
    SELECT *, fiscal_year_of(CAST(started_at AS DATE)) AS fiscal_year
    FROM reconciliations
    WHERE NOT is_within_tolerance AND started_at >= make_date(CAST($last_closed AS INTEGER), 4, 1)
),
homes AS (
    SELECT DISTINCT meter_id, facility_id, fiscal_year_of(local_date) AS fiscal_year FROM energy_by_meter_day
    WHERE facility_share > 0 AND facility_id <> 'outside'
)
SELECT
    h.facility_id, CAST(a.fiscal_year AS INTEGER) AS fiscal_year, a.meter_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({bills: CAST(count(*) AS INTEGER), since: strftime(min(a.started_at), '%Y-%m-%d'), unit: any_value(a.unit),
        bill: CAST(sum(a.bill_quantity) AS DOUBLE), intervals: CAST(sum(a.interval_quantity) AS DOUBLE)}) AS evidence
FROM apart AS a
JOIN homes AS h ON h.meter_id = a.meter_id AND h.fiscal_year = a.fiscal_year
GROUP BY h.facility_id, a.fiscal_year, a.meter_id
