-- periodic_intensities: the intensities of an operator (site_id empty) and its sites in the five years up to one.
-- Reads intensities. Parameters: operator, fiscal_year.
SELECT site_id, fiscal_year, denominator, unit, value, intensity_low, intensity_high, previous_ratio_low, previous_ratio_high,
    five_year_change_low, five_year_change_high, aim_state, marks
FROM intensities
WHERE operator_id = $operator AND fiscal_year BETWEEN CAST($fiscal_year AS INTEGER) - 4 AND CAST($fiscal_year AS INTEGER)
ORDER BY site_id NULLS FIRST, denominator, fiscal_year
