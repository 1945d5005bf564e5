-- restatements: how the year's total changed from one publication to the next. Input: restatements.
SELECT published_time, year_rule, before_co2e_kg, after_co2e_kg, data_co2e_kg, register_co2e_kg, factor_co2e_kg, method_co2e_kg,
    inputs_changed
FROM restatements
WHERE facility_id = $facility AND fiscal_year = $year AND basis = $basis
ORDER BY published_time
