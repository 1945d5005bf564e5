-- edition_differences: a frozen edition of the city beside today's total on the plan's basis.
-- Reads official_edition_differences.
SELECT * FROM official_edition_differences
WHERE subject_kind = 'city' AND basis = 'plan'
ORDER BY purpose, fiscal_year
