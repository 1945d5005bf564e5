-- missing_months: the months of a year in which a source of an operator's facilities lacks data.
-- Inputs: emissions_by_source_month, facility_spans. Parameters: year, operator.
SELECT m.facility_id, m.source_id, m.source_type, m.month, max(m.expected_days - m.covered_days) AS missing_days
FROM emissions_by_source_month AS m
JOIN facility_spans AS s ON s.facility_id = m.facility_id AND s.valid_from = m.valid_from AND s.operator_id = $operator
WHERE m.fiscal_year = CAST($year AS INTEGER) AND m.is_in_force AND list_contains(string_split(m.reasons, ';'), 'missing_data')
GROUP BY m.facility_id, m.source_id, m.source_type, m.month
ORDER BY m.facility_id, m.source_id, m.month
