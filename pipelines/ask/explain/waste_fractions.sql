-- waste_fractions: the burnt fraction that a derived source takes in the span, with its formula and number of samples.
-- Inputs: activity_sources, waste_fractions.
SELECT w.fiscal_year, w.fraction, w.samples, w.formula, w.sources, w.reason, s.derived_from
FROM activity_sources AS s
JOIN waste_fractions AS w ON w.facility_id = s.facility_id AND w.activity = s.activity
WHERE s.activity_source_id = $source AND s.derived_from IS NOT NULL AND w.fiscal_year = $year
ORDER BY w.fiscal_year
