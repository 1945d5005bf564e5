-- open_days: the expected days of the running year that are not final. Inputs: bounded_days (of open_months), facility_spans.
-- Parameter: year_start.
SELECT DISTINCT b.facility_id, s.valid_from, b.basis, b.local_date
FROM bounded_days AS b
JOIN facility_spans AS s ON s.facility_id = b.facility_id AND b.local_date >= s.valid_from AND b.local_date < s.valid_to
WHERE b.year_rule = 'by_day' AND b.local_date >= CAST($year_start AS DATE) AND b.expected AND NOT b.is_final
