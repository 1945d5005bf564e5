-- subject_documents: a yearly total of a department or operator within an operator, or the city, in a fiscal year on a basis: what it comes to
-- (as everywhere without NF3; empty where a part of it has no factor), and whether it counts: no facility it speaks of has a figure of its
-- type, and no document of a smaller subject, or of its type alone, speaks of the same.
-- Inputs: yearly_total_quantities, yearly_total_emissions, facility_homes, emissions_by_source_year. Reads energy_types, activities.
WITH documents AS (
    SELECT q.*, CASE q.subject_kind WHEN 'facility' THEN 1 WHEN 'department' THEN 2 ELSE 3 END AS level, q.source_type = 'all' AS is_all
    FROM yearly_total_quantities AS q
    WHERE q.fiscal_year = $year AND q.yearly_total_id IN (SELECT yearly_total_id FROM yearly_total_emissions WHERE basis = $basis)
),
spoken_of AS (
    SELECT d.yearly_total_id, d.level, d.is_all, d.source_type, h.facility_id, h.operator_id
    FROM documents AS d
    JOIN facility_homes AS h
        ON h.fiscal_year = d.fiscal_year AND CASE d.subject_kind WHEN 'facility' THEN h.facility_id = d.subject_id
            WHEN 'department' THEN h.department = d.subject_id AND h.operator_id = coalesce(d.operator_id, h.operator_id)
            ELSE h.operator_id = d.subject_id END
),
overlapping AS (
    SELECT s.yearly_total_id
    FROM spoken_of AS s
    JOIN emissions_by_source_year AS e
        ON e.facility_id = s.facility_id AND e.fiscal_year = $year AND e.basis = $basis AND e.is_in_force
            AND (e.source_kind = 'yearly_total' OR e.covered_days > 0)
    WHERE s.is_all OR e.source_type = s.source_type
    UNION
    SELECT s.yearly_total_id
    FROM spoken_of AS s
    JOIN spoken_of AS o ON o.facility_id = s.facility_id AND (o.level < s.level OR o.level = s.level AND s.is_all AND NOT o.is_all)
    WHERE s.is_all OR o.is_all OR o.source_type = s.source_type
),
counted AS (
    SELECT yearly_total_id, CASE WHEN count(co2e_kg) = count(*) THEN sum(co2e_kg) END AS co2e_kg
    FROM yearly_total_emissions
    WHERE basis = $basis AND gas <> 'NF3'
    GROUP BY yearly_total_id
)
SELECT d.yearly_total_id, d.subject_kind, d.subject_id, d.source_type, coalesce(t.name_ja, a.name_ja) AS kind_ja,
    coalesce(t.name_en, replace(d.source_type, '_', ' ')) AS kind_en, d.quantity, d.unit, d.document, d.page, c.co2e_kg,
    c.co2e_kg IS NOT NULL AND d.yearly_total_id NOT IN (FROM overlapping) AS counts
FROM documents AS d
JOIN counted AS c ON c.yearly_total_id = d.yearly_total_id
LEFT JOIN energy_types AS t ON t.energy_type = d.source_type
LEFT JOIN activities AS a ON a.activity = d.source_type
WHERE d.level > 1 AND d.yearly_total_id IN (SELECT yearly_total_id FROM spoken_of WHERE $subject = 'city' OR operator_id = $subject)
ORDER BY d.subject_kind, d.subject_id, d.source_type, d.yearly_total_id
