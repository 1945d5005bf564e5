-- intensities: one row per operator or site, fiscal year and denominator of the register: crude oil of the sites per unit, as the report's
-- tables 3 and 4 count it (non-fossil fuels x 0.8 from FY2023 on, there and nowhere else), as an interval; its ratio to the year before and
-- the change over five years (the fourth root of I(N) / I(N-4)), with the aim of 99 % and the class. marks: denominator_changed (the year
-- before had another), crosses_2023 (the series crosses the change of the electricity coefficient; the series on one coefficient stands
-- beside it), too_few_years. Inputs: denominators, act_years, site_energy_years, thresholds.
WITH weight AS (
    SELECT CAST(1 - value AS DECIMAL(9, 6)) AS off, fiscal_year_of(valid_from) AS since FROM thresholds WHERE threshold_id = 'non_fossil_fuel_weight'
),
fuels AS (
    SELECT operator_id, s.site_id, e.fiscal_year, sum(e.crude_oil_kl) FILTER (e.is_non_fossil_fuel) AS non_fossil_kl,
        sum(e.one_coefficient_kl) AS one_kl, sum(e.one_coefficient_kl) FILTER (e.is_non_fossil_fuel) AS one_non_fossil_kl
    FROM site_energy_years AS e
    CROSS JOIN LATERAL unnest([NULL, e.site_id]) AS s(site_id)
    GROUP BY operator_id, s.site_id, e.fiscal_year
),
numerators AS (
    SELECT y.operator_id, y.site_id, y.fiscal_year,
        greatest(y.site_crude_oil_low_kl - CASE WHEN y.fiscal_year >= w.since THEN w.off * coalesce(f.non_fossil_kl, 0) ELSE 0 END, 0) AS low_kl,
        y.site_crude_oil_high_kl - CASE WHEN y.fiscal_year >= w.since THEN w.off * coalesce(f.non_fossil_kl, 0) ELSE 0 END AS high_kl,
        CASE WHEN y.site_crude_oil_high_kl IS NOT NULL THEN f.one_kl - w.off * coalesce(f.one_non_fossil_kl, 0) END AS one_kl
    FROM act_years AS y
    CROSS JOIN weight AS w
    LEFT JOIN fuels AS f ON f.operator_id = y.operator_id AND f.site_id IS NOT DISTINCT FROM y.site_id AND f.fiscal_year = y.fiscal_year
),
years AS (
    SELECT d.operator_id, d.site_id, d.fiscal_year, d.denominator, d.unit, d.value, CAST(n.low_kl AS DOUBLE) / CAST(d.value AS DOUBLE) AS low,
        CAST(n.high_kl AS DOUBLE) / CAST(d.value AS DOUBLE) AS high, CAST(n.one_kl AS DOUBLE) / CAST(d.value AS DOUBLE) AS one
    FROM denominators AS d
    LEFT JOIN numerators AS n ON n.operator_id = d.operator_id AND n.site_id IS NOT DISTINCT FROM d.site_id AND n.fiscal_year = d.fiscal_year
    WHERE d.value > 0
),
compared AS (
    SELECT y.*, ratio_low(y.low, p.high) AS previous_low, ratio_high(y.high, p.low) AS previous_high,
        is_worse(ratio_low(y.low, p.high), ratio_high(y.high, p.low)) AS worse, is_worse(ratio_low(p.low, q.high), ratio_high(p.high, q.low)) AS worse_before,
        pow(ratio_low(y.low, f.high), 0.25) AS change_low, pow(ratio_high(y.high, f.low), 0.25) AS change_high,
        pow(CASE WHEN f.one > 0 THEN y.one / f.one END, 0.25) AS one_change, f.fiscal_year IS NULL AS is_short,
        p.fiscal_year IS NULL AND EXISTS (
            FROM denominators AS o
            WHERE o.operator_id = y.operator_id AND o.site_id IS NOT DISTINCT FROM y.site_id AND o.fiscal_year = y.fiscal_year - 1) AS is_changed
    FROM years AS y
    LEFT JOIN years AS p
        ON p.operator_id = y.operator_id AND p.site_id IS NOT DISTINCT FROM y.site_id AND p.denominator = y.denominator AND p.unit = y.unit
        AND p.fiscal_year = y.fiscal_year - 1
    LEFT JOIN years AS q
        ON q.operator_id = y.operator_id AND q.site_id IS NOT DISTINCT FROM y.site_id AND q.denominator = y.denominator AND q.unit = y.unit
        AND q.fiscal_year = y.fiscal_year - 2
    LEFT JOIN years AS f
        ON f.operator_id = y.operator_id AND f.site_id IS NOT DISTINCT FROM y.site_id AND f.denominator = y.denominator AND f.unit = y.unit
        AND f.fiscal_year = y.fiscal_year - 4
),
aimed AS (
    SELECT *, aim_state(change_low, change_high, CAST(threshold_of('five_year_aim') AS DOUBLE)) AS aim FROM compared
)
SELECT
    operator_id, site_id, fiscal_year, denominator, unit, value, low AS intensity_low, high AS intensity_high,
    previous_low AS previous_ratio_low, previous_high AS previous_ratio_high, change_low AS five_year_change_low,
    change_high AS five_year_change_high, aim AS aim_state, efficiency_class(aim, change_low, change_high, worse, worse_before) AS efficiency_class,
    one AS one_coefficient_intensity, one_change AS one_coefficient_change,
    nullif(concat_ws(';', CASE WHEN is_changed THEN 'denominator_changed' END, CASE WHEN is_short THEN 'too_few_years' END,
        CASE WHEN fiscal_year - 4 < (SELECT since FROM weight) AND fiscal_year >= (SELECT since FROM weight) THEN 'crosses_2023' END), '') AS marks
FROM aimed
