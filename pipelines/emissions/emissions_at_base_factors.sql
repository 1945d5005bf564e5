-- emissions_at_base_factors: one row per facility, fiscal year, basis and base year: what the year's energy and activity would
-- have emitted, on the bases that have targets, with the factors of the same day of the base year, so that a cleaner grid is not taken for effort. Each day is
-- rounded as actual emissions are; in the base year itself both are the same. A day that has a quantity but no factor in the
-- base year is open: it counts in open_days, never as zero unseen.
-- Inputs: energy_by_meter_day, factor_choices, activity_days, activity_choices, targets (the base years).
WITH base_years AS (
    SELECT DISTINCT base_fy, basis FROM targets
),
shifted AS (
    SELECT d.local_date, b.base_fy, b.basis, fiscal_year_of(d.local_date) AS fiscal_year,
        make_date(b.base_fy + CASE WHEN month(d.local_date) < 4 THEN 1 ELSE 0 END, month(d.local_date), 1) AS base_month
    FROM (SELECT local_date FROM energy_by_meter_day UNION SELECT local_date FROM activity_days) AS d
    CROSS JOIN base_years AS b
    WHERE fiscal_year_of(d.local_date) >= b.base_fy
),
days AS (
    SELECT *, least(base_month + (CAST(day(local_date) AS INTEGER) - 1), last_day(base_month)) AS base_date FROM shifted
),
metered AS (
    SELECT e.facility_id, e.facility_share, d.fiscal_year, d.base_fy, e.local_date, c.basis, c.gas, e.state,
        e.quantity, c.multiplier14, c.gwp_value, c.reason
    FROM energy_by_meter_day AS e
    JOIN days AS d ON d.local_date = e.local_date
    JOIN factor_choices AS c
        ON c.meter_id = e.meter_id AND c.unit = e.unit AND c.basis = d.basis AND d.base_date >= c.valid_from AND d.base_date < c.valid_to
    WHERE e.facility_share <> 0 AND e.facility_id <> 'outside'
),
active AS (
    SELECT a.facility_id, 1 AS facility_share, d.fiscal_year, d.base_fy, a.local_date, 'plan' AS basis, c.gas, a.state,
        a.quantity, c.multiplier14, c.gwp_value, c.reason
    FROM activity_days AS a
    JOIN days AS d ON d.local_date = a.local_date AND d.basis = 'plan'
    JOIN activity_choices AS c
        ON c.activity_source_id = a.activity_source_id AND c.substance IS NOT DISTINCT FROM a.substance AND d.base_date >= c.valid_from AND d.base_date < c.valid_to
    WHERE a.quantity IS NOT NULL
),
rounded AS (
    SELECT *, CAST(half_even9(quantity, multiplier14) AS DECIMAL(28, 9)) AS emissions_kg
    FROM (FROM metered UNION ALL BY NAME FROM active)
),
warmed AS (
    SELECT *, CASE WHEN gwp_value = 1 THEN emissions_kg ELSE half_even9(emissions_kg, CAST(gwp_value AS DECIMAL(18, 9))) END AS co2e_kg
    FROM rounded
)
SELECT
    facility_id, fiscal_year, basis, base_fy, coalesce(sum(co2e_kg) FILTER (gas <> 'NF3'), 0) AS co2e_kg,
    count(DISTINCT local_date) FILTER (emissions_kg IS NULL AND reason <> 'not_in_basis' OR co2e_kg IS NULL AND emissions_kg IS NOT NULL)
        AS open_days
FROM warmed
GROUP BY facility_id, fiscal_year, basis, base_fy
