-- emission_days: every source, facility, day, band, basis and gas, with its emissions or the reason why there are none; the
-- fiscal year counted by day. Input: all_emission_days.
SELECT * EXCLUDE (year_rule, fiscal_year, counted_on, bound_low_kg, bound_high_kg) FROM all_emission_days WHERE year_rule = 'by_day'
