-- years: a fiscal year of an operator, its state, and how many facilities have no verdict.
-- Reads facility_results, facility_spans, operator_years, operators, year_closings.
SELECT y.operator_id, o.name, y.fiscal_year, y.year_state, y.closing_date, y.closed_on, y.document_no, c.closed_by,
    (SELECT count(DISTINCT r.facility_id) FROM facility_results AS r
        JOIN facility_spans AS s ON s.facility_id = r.facility_id AND s.operator_id = y.operator_id
            AND s.valid_from < make_date(y.fiscal_year + 1, 4, 1) AND s.valid_to > make_date(y.fiscal_year, 4, 1)
        WHERE r.fiscal_year = y.fiscal_year AND r.verdict = 'undeterminable') AS undeterminable
FROM operator_years AS y
JOIN operators AS o ON o.operator_id = y.operator_id
LEFT JOIN year_closings AS c ON c.operator_id = y.operator_id AND c.fiscal_year = y.fiscal_year
WHERE y.fiscal_year = coalesce($year, y.fiscal_year)
ORDER BY y.fiscal_year DESC, y.operator_id
