-- judged: every case with its verdict. achieved: even the highest possible actual is within what the lowest possible
-- baseline allows. not_achieved: even the lowest actual is above what the highest baseline allows. Otherwise
-- undeterminable. Every reason is told; with a verdict, what is doubtful, filled or provisional within
-- its bounds (what is missing only makes a 未達 worse). No coverage ever permits achieved: one open day leaves no upper bound.
-- An amount, or an amount per m2 times the floor area of the year's days, is allowed whatever the base year was.
-- A running year has no verdict before there is a forecast.
-- Inputs: cases, subject_years, method_marks, same_periods, quality_rules. Parameter: this_year.
WITH marks AS (
    SELECT list_concat(list(rule_id), ['interpolated', 'provisional_factor', 'yearly_total', 'yearly_total_differs']) AS marks FROM quality_rules WHERE effect = 'doubts'
),
compared AS (
    SELECT
        c.*, c.fiscal_year >= CAST($this_year AS INTEGER) AS is_running, a.low AS actual_low, a.high AS actual_high, a.coverage,
        a.reasons AS actual_reasons, CASE WHEN c.base_kg IS NULL AND coalesce(c.allowed_as, 'share') = 'share' THEN b.reasons END AS base_reasons,
        coalesce(c.base_kg, b.low) AS baseline_low, CASE WHEN c.base_kg IS NOT NULL THEN c.base_kg ELSE b.high END AS baseline_high,
        a.subject_key IS NULL AS no_actual, c.base_fy IS NOT NULL AND b.subject_key IS NULL AND c.base_kg IS NULL AND c.allowed_as = 'share' AS no_baseline
    FROM cases AS c
    LEFT JOIN subject_years AS a ON a.subject_key = c.subject_key AND a.fiscal_year = c.fiscal_year AND a.basis = c.basis
    LEFT JOIN subject_years AS b ON b.subject_key = c.subject_key AND b.fiscal_year = c.base_fy AND b.basis = c.basis
),
measured AS (
    SELECT *, CASE allowed_as WHEN 'amount' THEN 1 WHEN 'per_m2' THEN m2_days ELSE baseline_low END AS of_low,
        CASE allowed_as WHEN 'amount' THEN 1 WHEN 'per_m2' THEN m2_days ELSE baseline_high END AS of_high,
        allowed_den * CASE allowed_as WHEN 'per_m2' THEN days_in_year ELSE 1 END AS den
    FROM compared
),
allowed AS (
    SELECT *, allowed_amount(of_low, allowed_num, den) AS allowed_low, allowed_amount(of_high, allowed_num, den) AS allowed_high
    FROM measured
),
decided AS (
    SELECT *, CASE
        WHEN blockers IS NOT NULL OR is_running OR no_actual OR no_baseline THEN 'undeterminable'
        WHEN actual_high <= allowed_low THEN 'achieved'
        WHEN actual_low > allowed_high THEN 'not_achieved'
        ELSE 'undeterminable' END AS verdict
    FROM allowed
)
SELECT
    d.target_id, d.subject_kind, d.subject_id, d.facility_id, d.fiscal_year, d.basis, d.is_inherited,
    d.baseline_low AS baseline_low_co2e_kg, d.baseline_high AS baseline_high_co2e_kg, d.allowed_low AS allowed_co2e_kg,
    d.allowed_high AS allowed_high_co2e_kg, d.actual_low AS actual_low_co2e_kg, d.actual_high AS actual_high_co2e_kg,
    NULL AS forecast_co2e_kg, d.coverage, d.verdict,
    CASE WHEN d.verdict <> 'undeterminable' THEN reason_list(array_to_string(list_filter(
            listed(concat_ws(';', d.actual_reasons, of_baseline(d.base_reasons))), lambda r: list_contains(m.marks, replace(r, 'baseline:', ''))), ';'))
        ELSE reason_list(concat_ws(';', d.blockers,
        CASE WHEN d.is_running THEN 'running_year' END,
        CASE WHEN d.no_actual THEN 'no_source' END,
        CASE WHEN d.no_baseline AND NOT coalesce(contains(d.blockers, 'no_base_year'), false) THEN 'baseline:no_source' END,
        d.actual_reasons, of_baseline(d.base_reasons))) END AS reasons,
    d.scope_notes, p.until AS same_period_until, p.this_year_kg AS same_period_co2e_kg,
    p.last_year_kg AS same_period_previous_co2e_kg,
    CAST(CAST(CAST(d.m2_days * 1000 AS HUGEINT) // d.days_in_year AS DECIMAL(18, 0)) * 0.001 AS DECIMAL(18, 3)) AS floor_area_m2, k.method_marks
FROM decided AS d
CROSS JOIN marks AS m
LEFT JOIN method_marks AS k ON k.subject_key = d.subject_key AND k.fiscal_year = d.fiscal_year AND k.basis = d.basis
LEFT JOIN same_periods AS p
    ON p.subject_key = d.subject_key AND p.basis = d.basis AND d.fiscal_year = CAST($this_year AS INTEGER)
