-- references: the documents behind the factors of this facility and span. Inputs: emission_days, emission_factors,
-- heat_contents, factor_choices, reference_sources.
WITH used AS (
    SELECT DISTINCT f.source_id
    FROM emission_days AS e
    JOIN emission_factors AS f ON f.factor_id = e.factor_id
    WHERE e.facility_id = $facility AND e.basis = $basis AND e.local_date >= $first AND e.local_date < $end
)
SELECT s.source_id, s.title_ja, s.url
FROM reference_sources AS s
WHERE EXISTS (SELECT 1 FROM used AS u WHERE list_contains(string_split(u.source_id, ';'), s.source_id))
ORDER BY s.source_id
