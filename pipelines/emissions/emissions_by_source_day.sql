-- emissions_by_source_day: the rows of emission_days that have a figure. Input: emission_days.
SELECT
    source_kind, source_id, facility_id, local_date, source_type, basis, gas, emissions_kg, co2e_kg, factor_id, gwp_id,
    choice, time_band, facility_share, state
FROM emission_days
WHERE co2e_kg IS NOT NULL
