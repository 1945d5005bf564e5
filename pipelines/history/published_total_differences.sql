-- published_total_differences: what was published before this system beside what our data give: per document, year, subject.
-- The subject is a facility, an operator, `city`, or one of the city's published headings.
-- Inputs: published_totals (register), emissions_by_subject_fiscal_year, emissions_by_cause_gas_fiscal_year.
WITH ours AS (
    SELECT subject_id AS subject, fiscal_year, basis, co2e_kg FROM emissions_by_subject_fiscal_year
    UNION ALL
    SELECT heading, fiscal_year, basis, sum(co2e_kg) FILTER (gas <> 'NF3')
    FROM emissions_by_cause_gas_fiscal_year WHERE heading IS NOT NULL GROUP BY ALL
)
SELECT p.document, p.fiscal_year, p.subject, p.basis, CAST(p.co2e_t * 1000 AS DECIMAL(38, 9)) AS published_co2e_kg,
    o.co2e_kg, CAST(o.co2e_kg - p.co2e_t * 1000 AS DECIMAL(38, 9)) AS difference_co2e_kg, p.note
FROM published_totals AS p
LEFT JOIN ours AS o ON o.subject = p.subject AND o.fiscal_year = p.fiscal_year AND o.basis = p.basis
