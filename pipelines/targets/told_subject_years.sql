-- told_subject_years: every subject, fiscal year and basis with the interval of its emissions and why it is open: where a yearly total
-- speaks of its year, what it and the sources allow together. Inputs: subject_years, parts (told of operators).
SELECT * FROM subject_years AS s
ANTI JOIN (SELECT DISTINCT subject_key, fiscal_year, basis FROM parts) AS p
    ON p.subject_key = s.subject_key AND p.fiscal_year = s.fiscal_year AND p.basis = s.basis
UNION ALL BY NAME
SELECT subject_key, fiscal_year, basis, sum(low) AS low, CASE WHEN count(high) = count(*) THEN sum(high) END AS high, min(coverage) AS coverage,
    string_agg(DISTINCT reasons, ';') AS reasons
FROM parts
WHERE source_type = 'all'
GROUP BY subject_key, fiscal_year, basis
