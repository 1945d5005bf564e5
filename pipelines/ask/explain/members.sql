-- members: a facility of an operator, or of the city, in a fiscal year on a basis, with its total in force and its verdict; the greatest first.
-- Input: emissions_by_facility_fiscal_year. Reads facilities, facility_spans, facility_results.
WITH spans AS (
    SELECT facility_id, operator_id FROM facility_spans
    WHERE make_date($year + 1, 3, 31) >= valid_from AND make_date($year + 1, 3, 31) < valid_to
)
SELECT e.facility_id, f.name, s.operator_id, e.co2e_kg, e.energy_gj, e.crude_oil_kl, e.coverage, r.verdict, r.is_inherited, r.reasons, r.year_state,
    r.collecting_note
FROM emissions_by_facility_fiscal_year AS e
JOIN facilities AS f ON f.facility_id = e.facility_id
LEFT JOIN spans AS s ON s.facility_id = e.facility_id
LEFT JOIN facility_results AS r ON r.facility_id = e.facility_id AND r.fiscal_year = e.fiscal_year AND r.basis = e.basis
WHERE e.fiscal_year = $year AND e.basis = $basis AND e.is_in_force AND ($subject = 'city' OR s.operator_id = $subject)
ORDER BY e.co2e_kg DESC, e.facility_id
