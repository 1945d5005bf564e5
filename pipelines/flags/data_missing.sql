-- data_missing: days of the last closed and the running fiscal year on which data should have come by now and did not: what is taken off included, since
-- a silent deduction leaves the net unknown. Days between deliveries wait for their closing (delivery_not_closed).
-- Late: older than the setting for the kind of source; what comes once a year (frequency) is due after its year. While a year is being collected,
-- a month's bill or figure is due as a whole, counted from the month's end. At stake: what the same sources emitted per covered day a year
-- before, times the missing days. Inputs: emission_days, facility_results. Parameters: last_closed, today, bill_late_days,
-- interval_late_days, activity_late_days. What a yearly total stands for is not missing.
-- Reads activity_sources, meters, emissions_by_source_year, emissions_by_source_month, energy_by_meter_day.
WITH late AS (
    SELECT d.facility_id, d.source_kind, d.source_id, fiscal_year_of(d.local_date) AS fiscal_year, d.local_date
    FROM emission_days AS d
    LEFT JOIN (SELECT DISTINCT meter_id, facility_id, local_date, reading_kind FROM energy_by_meter_day WHERE state = 'missing') AS e
        ON d.source_kind = 'meter' AND e.meter_id = d.source_id AND e.facility_id = d.facility_id AND e.local_date = d.local_date
    LEFT JOIN (SELECT DISTINCT 'activity' AS source_kind, activity_source_id AS source_id FROM activity_sources WHERE frequency = 'year'
            UNION SELECT DISTINCT 'meter', meter_id FROM meters WHERE frequency = 'year' AND reading_kind <> 'interval') AS y
        ON y.source_kind = d.source_kind AND y.source_id = d.source_id
    LEFT JOIN (SELECT DISTINCT facility_id, fiscal_year FROM facility_results WHERE year_state = 'collecting') AS c
        ON c.facility_id = d.facility_id AND c.fiscal_year = fiscal_year_of(d.local_date)
    ANTI JOIN (SELECT DISTINCT facility_id, fiscal_year, source_type FROM emissions_by_source_year WHERE source_kind = 'yearly_total' AND basis = 'plan') AS t
        ON t.facility_id = d.facility_id AND t.fiscal_year = fiscal_year_of(d.local_date) AND t.source_type IN (d.source_type, 'all')
    WHERE d.basis = 'plan' AND d.state = 'missing' AND d.expected AND d.facility_share <> 0
        AND d.local_date >= make_date(CAST($last_closed AS INTEGER), 4, 1) AND coalesce(e.reading_kind, '') <> 'delivery'
        AND CASE WHEN c.facility_id IS NULL OR e.reading_kind = 'interval' THEN d.local_date ELSE last_day(d.local_date) END + CAST(CASE
            WHEN y.source_id IS NOT NULL THEN
                make_date(fiscal_year_of(d.local_date) + 1, 4, 1)
                    - CASE WHEN c.facility_id IS NULL THEN d.local_date ELSE last_day(d.local_date) END
                    + CAST(CASE d.source_kind WHEN 'activity' THEN $activity_late_days ELSE $bill_late_days END AS INTEGER)
            WHEN d.source_kind = 'activity' THEN CAST($activity_late_days AS INTEGER)
            WHEN e.reading_kind = 'interval' THEN CAST($interval_late_days AS INTEGER)
            ELSE CAST($bill_late_days AS INTEGER) END AS INTEGER) < CAST($today AS DATE)
    GROUP BY ALL
),
by_source AS (
    SELECT facility_id, source_kind, source_id, fiscal_year, count(*) AS days, min(local_date) AS first, max(local_date) AS last
    FROM late
    GROUP BY ALL
),
before AS (
    SELECT source_kind, source_id, facility_id, fiscal_year, sum(co2e_kg) AS co2e_kg, max(covered_days) AS covered_days
    FROM (
        SELECT source_kind, source_id, facility_id, fiscal_year, gas, sum(co2e_kg) AS co2e_kg, sum(covered_days) AS covered_days
        FROM emissions_by_source_month WHERE basis = 'plan' AND year_rule = 'by_day' GROUP BY ALL)
    GROUP BY ALL
)
SELECT
    s.facility_id, s.fiscal_year, 'plan' AS subject,
    sum(CAST(CAST(b.co2e_kg * 1000 AS HUGEINT) * s.days // nullif(b.covered_days, 0) AS DECIMAL(18, 0)) * 0.001) AS co2e_at_stake_kg,
    to_json({missing_days: CAST(sum(s.days) AS INTEGER), sources: string_agg(s.source_id, ', ' ORDER BY s.source_id),
        first: CAST(min(s.first) AS VARCHAR), last: CAST(max(s.last) AS VARCHAR)}) AS evidence
FROM by_source AS s
LEFT JOIN before AS b
    ON b.source_kind = s.source_kind AND b.source_id = s.source_id AND b.facility_id = s.facility_id
    AND b.fiscal_year = s.fiscal_year - 1
GROUP BY s.facility_id, s.fiscal_year
