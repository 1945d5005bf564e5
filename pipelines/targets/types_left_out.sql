-- types_left_out: what a yearly total counts and no later year speaks of: one row per facility, later closed year, basis and type. Left out is a
-- type ('all': any) of which, at none of the facilities that the total is of and that are still open, the registers know a meter or source
-- beyond the total's year (one that has ended says so by its valid_to), and of which no total stands in that year (a zero is one). Missing
-- never looks like saving: that year has no upper bound. Of a department or an operator it is told at the first of its facilities.
-- Inputs: yearly_total_emissions, facility_homes, meter_allocations, activity_sources, facilities. Parameter: this_year.
WITH homes AS (
    SELECT t.*, h.facility_id
    FROM (SELECT subject_kind, subject_id, operator_id, fiscal_year, basis, source_type FROM yearly_total_emissions
        WHERE gas <> 'NF3' GROUP BY ALL) AS t
    JOIN facility_homes AS h
        ON h.fiscal_year = t.fiscal_year AND CASE t.subject_kind WHEN 'facility' THEN h.facility_id = t.subject_id
            WHEN 'department' THEN h.department = t.subject_id AND h.operator_id = coalesce(t.operator_id, h.operator_id)
            ELSE h.operator_id = t.subject_id END
),
used AS (
    SELECT subject_kind, subject_id, operator_id, fiscal_year, basis, source_type
    FROM yearly_total_emissions
    WHERE gas <> 'NF3'
    GROUP BY ALL
    HAVING bool_or(coalesce(co2e_kg, 1) <> 0)
),
sources AS (
    SELECT facility_id, energy_type AS source_type, max(valid_to) AS valid_to FROM meter_allocations WHERE facility_share > 0 GROUP BY ALL
    UNION ALL
    SELECT facility_id, activity, max(coalesce(valid_to, DATE '9999-12-31')) FROM activity_sources GROUP BY ALL
),
asked AS (
    SELECT h.*, CAST(unnest(range(h.fiscal_year + 1, CAST($this_year AS INTEGER))) AS INTEGER) AS later_year
    FROM homes AS h
    JOIN used AS u ON u.subject_kind = h.subject_kind AND u.subject_id = h.subject_id AND u.operator_id IS NOT DISTINCT FROM h.operator_id
        AND u.fiscal_year = h.fiscal_year AND u.basis = h.basis AND u.source_type = h.source_type
),
spoken AS (
    SELECT a.*,
        EXISTS (SELECT 1 FROM sources AS s WHERE s.facility_id = a.facility_id AND a.source_type IN (s.source_type, 'all')
            AND s.valid_to >= make_date(a.fiscal_year + 1, 4, 1))
        OR EXISTS (SELECT 1 FROM homes AS o WHERE o.facility_id = a.facility_id AND o.fiscal_year = a.later_year AND o.basis = a.basis
            AND (a.source_type = 'all' OR o.source_type IN (a.source_type, 'all'))) AS is_spoken_of
    FROM asked AS a
    JOIN facilities AS f ON f.facility_id = a.facility_id AND coalesce(f.closed_on, DATE '9999-12-31') > make_date(a.later_year, 4, 1)
)
SELECT facility_id, later_year AS fiscal_year, basis, source_type, max(fiscal_year) AS told_year
FROM (
    SELECT min(facility_id) AS facility_id, later_year, basis, source_type, fiscal_year
    FROM spoken
    GROUP BY subject_kind, subject_id, operator_id, fiscal_year, later_year, basis, source_type
    HAVING NOT bool_or(is_spoken_of))
GROUP BY facility_id, later_year, basis, source_type
