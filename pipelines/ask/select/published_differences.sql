-- published_differences: a total published before this system beside today's.
-- Reads published_total_differences.
SELECT * FROM published_total_differences ORDER BY document, fiscal_year, subject, basis
