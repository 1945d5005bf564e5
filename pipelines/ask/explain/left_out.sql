-- left_out: what stands in the year's total but not in its lower bound, by source: what is doubtful, filled, provisional or not
-- known net of a deduction. What a yearly total stands for is in neither. Inputs: emissions_by_source_month, emissions_by_source_year.
SELECT source_id, sum(co2e_kg) - sum(low_co2e_kg) AS left_out_co2e_kg, array_to_string(list_sort(list_distinct(
    string_split(string_agg(reasons, ';'), ';'))), ';') AS reasons
FROM emissions_by_source_month
SEMI JOIN emissions_by_source_year USING (source_kind, source_id, facility_id, fiscal_year, basis)
WHERE facility_id = $facility AND fiscal_year = $year AND basis = $basis AND is_in_force
GROUP BY source_id
HAVING sum(co2e_kg) <> sum(low_co2e_kg)
ORDER BY left_out_co2e_kg DESC, source_id
