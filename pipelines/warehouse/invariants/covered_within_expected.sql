-- covered_within_expected: no more days covered than expected, none expected that the month does not have; coverage in 0..1.
-- Inputs: emissions_by_source_month, emissions_by_facility_month, emissions_by_facility_fiscal_year, facility_results, target_results.
SELECT facility_id, NULL AS target_id, fiscal_year
FROM emissions_by_source_month
WHERE NOT covered_days BETWEEN 0 AND expected_days OR expected_days > day(last_day(month)) OR open_days NOT BETWEEN 0 AND day(last_day(month))
UNION ALL SELECT facility_id, NULL, fiscal_year_of(month) FROM emissions_by_facility_month WHERE NOT coverage BETWEEN 0 AND 1
UNION ALL SELECT facility_id, NULL, fiscal_year FROM emissions_by_facility_fiscal_year WHERE NOT coverage BETWEEN 0 AND 1
UNION ALL SELECT facility_id, NULL, fiscal_year FROM facility_results WHERE NOT coverage BETWEEN 0 AND 1
UNION ALL SELECT NULL, target_id, fiscal_year FROM target_results WHERE NOT coverage BETWEEN 0 AND 1
