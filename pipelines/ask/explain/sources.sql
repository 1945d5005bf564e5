-- sources: one row per meter or activity of the facility in the span, with its sums and how many days are in which state.
-- Water is no energy: it stands in no emission day, and is shown as what no basis counts.
-- Inputs: emission_days, energy_by_meter_day, energy_types, activities.
WITH shown AS (
    SELECT source_kind, source_id, source_type, facility_id, facility_share, local_date, basis, gas, unit, quantity, energy_gj, co2e_kg, state, doubts, reason
    FROM emission_days
    UNION ALL BY NAME
    SELECT 'meter' AS source_kind, meter_id AS source_id, energy_type AS source_type, facility_id, facility_share, local_date, $basis AS basis,
        'CO2' AS gas, unit, quantity, state, 'not_in_basis' AS reason
    FROM energy_by_meter_day
    WHERE energy_type = 'water' AND facility_share <> 0 AND quantity IS NOT NULL
)
SELECT
    source_kind, source_id, any_value(source_type) AS source_type,
    coalesce(any_value(t.name_ja), any_value(a.name_ja)) AS kind_ja, coalesce(any_value(t.name_en), replace(any_value(source_type), '_', ' ')) AS kind_en,
    list_sort(list(DISTINCT gas)) AS gases,
    sum(co2e_kg) AS co2e_kg, sum(energy_gj) AS energy_gj, any_value(unit) AS unit,
    sum(quantity) FILTER (gas = (SELECT min(g.gas) FROM shown AS g
        WHERE g.source_id = e.source_id AND g.facility_id = $facility AND g.basis = $basis
            AND g.local_date >= $first AND g.local_date < $end)) AS quantity,
    min(facility_share) AS lowest_share, max(facility_share) AS highest_share,
    count(DISTINCT local_date) FILTER (state IN ('measured', 'estimated')) AS good_days,
    count(DISTINCT local_date) FILTER (state = 'interpolated') AS interpolated_days,
    count(DISTINCT local_date) FILTER (state = 'doubtful') AS doubtful_days,
    count(DISTINCT local_date) FILTER (state = 'missing') AS missing_days,
    count(DISTINCT local_date) FILTER (quantity IS NOT NULL AND co2e_kg IS NULL AND reason <> 'not_in_basis') AS days_without_factor,
    min(local_date) FILTER (state = 'missing') AS first_missing, max(local_date) FILTER (state = 'missing') AS last_missing,
    list_sort(list(DISTINCT doubts) FILTER (doubts IS NOT NULL)) AS doubts,
    list_sort(list(DISTINCT reason) FILTER (reason IS NOT NULL)) AS reasons
FROM shown AS e
LEFT JOIN energy_types AS t ON t.energy_type = e.source_type
LEFT JOIN activities AS a ON a.activity = e.source_type
WHERE facility_id = $facility AND basis = $basis AND local_date >= $first AND local_date < $end
GROUP BY source_kind, source_id
ORDER BY co2e_kg DESC NULLS LAST, source_id
