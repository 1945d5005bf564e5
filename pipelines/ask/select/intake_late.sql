-- intake_late: a source whose value is overdue.
-- Reads expected_inputs, facilities.
SELECT e.*, f.name FROM expected_inputs AS e JOIN facilities AS f ON f.facility_id = e.facility_id
WHERE e.is_late ORDER BY e.expected_by NULLS FIRST, e.facility_id, e.source_id
