-- site_basis_sources: one row per facility, shown fiscal year and source: what it adds to the year's total, within which bounds (no high where a day
-- has none), its days by state as explain counts them (a day sets its bit of the month), and why a day is open. A source that adds nothing has no co2e_kg: a yearly total stands in
-- its place, or no basis counts it. NF3 is not part of the plan's total. left_out_co2e_kg: what stands in the total and not in the lower bound.
-- Reads site_basis_days, site_basis_years, emissions_by_source_month, emissions_by_source_year, energy_types, activities, yearly_total_emissions.
WITH days AS (
    SELECT facility_id, fiscal_year, source_kind, source_id, any_value(source_type) AS source_type,
        min(lowest_share) AS lowest_share, max(highest_share) AS highest_share, CAST(sum(good_days) AS INTEGER) AS good_days,
        CAST(sum(interpolated_days) AS INTEGER) AS interpolated_days, CAST(sum(doubtful_days) AS INTEGER) AS doubtful_days,
        CAST(sum(missing_days) AS INTEGER) AS missing_days, min(first_missing) AS first_missing, max(last_missing) AS last_missing
    FROM (
        SELECT facility_id, fiscal_year, source_kind, source_id, any_value(source_type) AS source_type,
            min(facility_share) AS lowest_share, max(facility_share) AS highest_share,
            coalesce(bit_count(bit_or(1 << day(local_date)) FILTER (state IN ('measured', 'estimated'))), 0) AS good_days,
            coalesce(bit_count(bit_or(1 << day(local_date)) FILTER (state = 'interpolated')), 0) AS interpolated_days,
            coalesce(bit_count(bit_or(1 << day(local_date)) FILTER (state = 'doubtful')), 0) AS doubtful_days,
            coalesce(bit_count(bit_or(1 << day(local_date)) FILTER (state = 'missing')), 0) AS missing_days,
            min(local_date) FILTER (state = 'missing') AS first_missing, max(local_date) FILTER (state = 'missing') AS last_missing
        FROM site_basis_days
        GROUP BY facility_id, fiscal_year, source_kind, source_id, date_trunc('month', local_date)
    )
    GROUP BY facility_id, fiscal_year, source_kind, source_id
),
totals AS (
    SELECT facility_id, fiscal_year, source_kind, source_id, any_value(source_type) AS source_type,
        coalesce(sum(co2e_kg) FILTER (gas <> 'NF3'), 0) AS co2e_kg
    FROM emissions_by_source_year
    SEMI JOIN site_basis_years USING (facility_id, fiscal_year)
    WHERE basis = 'plan' AND is_in_force
    GROUP BY facility_id, fiscal_year, source_kind, source_id
),
bounds AS (
    SELECT facility_id, fiscal_year, source_kind, source_id, coalesce(sum(low_co2e_kg) FILTER (gas <> 'NF3'), 0) AS low_co2e_kg,
        CASE WHEN coalesce(sum(open_days) FILTER (gas <> 'NF3'), 0) = 0 THEN coalesce(sum(high_co2e_kg) FILTER (gas <> 'NF3'), 0) END AS high_co2e_kg,
        array_to_string(list_sort(list_distinct(string_split(string_agg(reasons, ';'), ';'))), ';') AS reasons
    FROM emissions_by_source_month
    SEMI JOIN site_basis_years USING (facility_id, fiscal_year)
    WHERE basis = 'plan' AND is_in_force
    GROUP BY facility_id, fiscal_year, source_kind, source_id
    UNION ALL BY NAME
    SELECT e.subject_id AS facility_id, e.fiscal_year, 'yearly_total' AS source_kind, e.yearly_total_id AS source_id,
        sum(e.low_co2e_kg) AS low_co2e_kg, CASE WHEN count(e.high_co2e_kg) = count(*) THEN sum(e.high_co2e_kg) END AS high_co2e_kg,
        string_agg(DISTINCT e.reasons, ';') AS reasons
    FROM yearly_total_emissions AS e
    WHERE e.basis = 'plan' AND e.subject_kind = 'facility'
    GROUP BY e.subject_id, e.fiscal_year, e.yearly_total_id
)
SELECT facility_id, fiscal_year, source_kind, source_id, coalesce(t.source_type, d.source_type) AS source_type,
    coalesce(n.name_ja, a.name_ja, coalesce(t.source_type, d.source_type)) AS kind_ja, t.co2e_kg,
    CASE WHEN t.co2e_kg IS NOT NULL THEN b.low_co2e_kg END AS low_co2e_kg, CASE WHEN t.co2e_kg IS NOT NULL THEN b.high_co2e_kg END AS high_co2e_kg,
    t.co2e_kg - b.low_co2e_kg AS left_out_co2e_kg, b.reasons, d.lowest_share, d.highest_share, d.good_days, d.interpolated_days, d.doubtful_days,
    d.missing_days, d.first_missing, d.last_missing
FROM days AS d
FULL JOIN totals AS t USING (facility_id, fiscal_year, source_kind, source_id)
LEFT JOIN bounds AS b USING (facility_id, fiscal_year, source_kind, source_id)
LEFT JOIN energy_types AS n ON n.energy_type = coalesce(t.source_type, d.source_type)
LEFT JOIN activities AS a ON a.activity = coalesce(t.source_type, d.source_type)
ORDER BY facility_id, fiscal_year DESC, t.co2e_kg DESC NULLS LAST, source_id
