-- emissions_by_facility_fiscal_year: one row per facility, fiscal year, rule of the year and basis: sums of days; and where
-- the city counts a source by twelve bills, the total with those sources by their bills beside it. is_in_force: the total
-- that is judged and reported. is_yearly_total: a yearly total stands in the place of months. rules: the city's rules that the factors of its meters follow.
-- Inputs: emissions_by_source_year, factor_choices, bill_years, heat_contents (the crude-oil coefficient).
WITH by_source AS (
    SELECT
        facility_id, fiscal_year, basis, source_kind, source_id, year_rule, is_in_force,
        coalesce(sum(co2e_kg) FILTER (gas <> 'NF3'), 0) AS co2e_kg, sum(total_energy_gj) AS energy_gj,
        bool_or(is_provisional) AS is_provisional, sum(covered_days) AS covered_days, sum(expected_days) AS expected_days
    FROM emissions_by_source_year
    GROUP BY ALL
),
totals AS (
    SELECT * REPLACE (bool_and(is_in_force) OVER (PARTITION BY facility_id, fiscal_year, basis) AS is_in_force)
    FROM by_source
    WHERE year_rule = 'by_day'
    UNION ALL BY NAME
    SELECT * REPLACE ('twelve_bills' AS year_rule)
    FROM by_source
    WHERE is_in_force
    QUALIFY bool_or(year_rule = 'twelve_bills') OVER (PARTITION BY facility_id, fiscal_year, basis)
),
applied AS (
    SELECT meter_id, basis, fiscal_year_of(valid_from) AS fiscal_year, rules FROM factor_choices
    WHERE rules IS NOT NULL AND NOT is_extended
    UNION ALL
    SELECT meter_id, basis, fiscal_year, rule_id FROM bill_years
),
named AS (
    SELECT t.facility_id, t.fiscal_year, t.basis, t.year_rule,
        array_to_string(list_sort(list_distinct(string_split(string_agg(a.rules, ';'), ';'))), ';') AS rules
    FROM totals AS t
    JOIN applied AS a ON a.meter_id = t.source_id AND a.basis = t.basis AND a.fiscal_year = t.fiscal_year
    WHERE t.source_kind = 'meter' AND (t.year_rule = 'twelve_bills' OR NOT contains(a.rules, 'year_rule/'))
    GROUP BY ALL
)
SELECT
    t.facility_id, t.fiscal_year, t.year_rule, t.is_in_force, t.basis, sum(co2e_kg) AS co2e_kg, sum(energy_gj) AS energy_gj,
    sum(energy_gj) * (SELECT CAST(value AS DECIMAL(9, 4)) FROM heat_contents WHERE key = 'crude_oil_equivalent') AS crude_oil_kl,
    min(CAST(CAST(covered_days * 1000000 // nullif(expected_days, 0) AS DECIMAL(9, 0)) * 0.000001 AS DECIMAL(9, 6))) AS coverage,
    bool_or(is_provisional) AS is_provisional, bool_or(source_kind = 'yearly_total') AS is_yearly_total, any_value(n.rules) AS rules
FROM totals AS t
LEFT JOIN named AS n
    ON n.facility_id = t.facility_id AND n.fiscal_year = t.fiscal_year AND n.basis = t.basis AND n.year_rule = t.year_rule
GROUP BY t.facility_id, t.fiscal_year, t.year_rule, t.is_in_force, t.basis
