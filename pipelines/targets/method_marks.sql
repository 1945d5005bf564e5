-- method_marks: the marks that travel with a judged case: own_factor where a factor of the city's own counts in the year, method_changed
-- where an energy type or activity of the base year is counted in another way in the year judged, so that the two are not compared alike.
-- Inputs: cases, source_methods.
WITH marked AS (
    SELECT c.subject_key, c.fiscal_year, c.basis,
        coalesce(bool_or(array_to_string(n.ways, ';') LIKE '%own_factor%'), false) AS is_own,
        coalesce(bool_or(b.ways <> n.ways) FILTER (c.base_kg IS NULL), false) AS is_changed
    FROM cases AS c
    JOIN source_methods AS n ON n.subject_key = c.subject_key AND n.fiscal_year = c.fiscal_year AND n.basis = c.basis
    LEFT JOIN source_methods AS b
        ON b.subject_key = c.subject_key AND b.fiscal_year = c.base_fy AND b.basis = c.basis AND b.source_type = n.source_type
    GROUP BY c.subject_key, c.fiscal_year, c.basis
)
SELECT subject_key, fiscal_year, basis,
    concat_ws(';', CASE WHEN is_changed THEN 'method_changed' END, CASE WHEN is_own THEN 'own_factor' END) AS method_marks
FROM marked
WHERE is_own OR is_changed
