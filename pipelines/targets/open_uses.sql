-- open_uses: one row per facility, fiscal year, basis and reason that leaves the year without an upper bound, whatever its sources say:
-- values outside the validity of their meter or source, and types that an earlier yearly total counts and nothing speaks of any more.
-- first_date: places it in the facility's spans. Inputs: held_outside, types_left_out, facility_spans.
SELECT facility_id, fiscal_year, basis, 'readings_' || side || '_validity' AS reason, first_date FROM held_outside
UNION ALL
SELECT l.facility_id, l.fiscal_year, l.basis, 'type_left_out', max(greatest(s.valid_from, make_date(l.fiscal_year, 4, 1)))
FROM (SELECT DISTINCT facility_id, fiscal_year, basis FROM types_left_out) AS l
JOIN facility_spans AS s
    ON s.facility_id = l.facility_id AND s.valid_from < make_date(l.fiscal_year + 1, 4, 1) AND s.valid_to > make_date(l.fiscal_year, 4, 1)
GROUP BY l.facility_id, l.fiscal_year, l.basis
