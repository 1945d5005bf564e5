-- official_edition_differences: today's totals against the latest official edition of each purpose and fiscal year. The parts are
-- the restatements published since the edition, for facilities and the city; the method is what the other parts leave.
-- Inputs: official_editions, official_edition_totals, emissions_by_subject_fiscal_year, restatements,
-- emissions_by_facility_fiscal_year (the rule in force).
WITH latest AS (
    SELECT * FROM official_editions
    QUALIFY row_number() OVER (PARTITION BY purpose, fiscal_year ORDER BY frozen_at DESC, official_id DESC) = 1
),
moved AS (
    SELECT l.official_id, r.facility_id, r.fiscal_year, r.basis, sum(r.data_co2e_kg) AS data_co2e_kg,
        sum(r.register_co2e_kg) AS register_co2e_kg, sum(r.factor_co2e_kg) AS factor_co2e_kg
    FROM latest AS l
    JOIN restatements AS r ON r.published_time > l.as_known_at
    JOIN emissions_by_facility_fiscal_year AS y
        ON y.facility_id = r.facility_id AND y.fiscal_year = r.fiscal_year AND y.basis = r.basis AND y.year_rule = r.year_rule
        AND y.is_in_force
    GROUP BY ALL
),
parts AS (
    SELECT official_id, 'facility' AS subject_kind, facility_id AS subject_id, * EXCLUDE (official_id, facility_id) FROM moved
    UNION ALL
    SELECT official_id, 'city', 'city', fiscal_year, basis, sum(data_co2e_kg), sum(register_co2e_kg), sum(factor_co2e_kg)
    FROM moved GROUP BY ALL
)
SELECT
    l.official_id, l.purpose, l.document_no, t.subject_kind, t.subject_id, t.fiscal_year, t.basis, t.co2e_kg AS frozen_co2e_kg,
    coalesce(n.co2e_kg, 0) AS co2e_kg, coalesce(n.co2e_kg, 0) - t.co2e_kg AS difference_co2e_kg,
    CASE WHEN t.subject_kind <> 'operator' THEN coalesce(p.data_co2e_kg, 0) END AS data_co2e_kg,
    CASE WHEN t.subject_kind <> 'operator' THEN coalesce(p.register_co2e_kg, 0) END AS register_co2e_kg,
    CASE WHEN t.subject_kind <> 'operator' THEN coalesce(p.factor_co2e_kg, 0) END AS factor_co2e_kg,
    CASE WHEN t.subject_kind <> 'operator' THEN coalesce(n.co2e_kg, 0) - t.co2e_kg - coalesce(p.data_co2e_kg, 0)
        - coalesce(p.register_co2e_kg, 0) - coalesce(p.factor_co2e_kg, 0) END AS method_co2e_kg
FROM latest AS l
JOIN official_edition_totals AS t ON t.official_id = l.official_id
LEFT JOIN emissions_by_subject_fiscal_year AS n
    ON n.subject_kind = t.subject_kind AND n.subject_id = t.subject_id AND n.fiscal_year = t.fiscal_year AND n.basis = t.basis
LEFT JOIN parts AS p
    ON p.official_id = l.official_id AND p.subject_kind = t.subject_kind AND p.subject_id = t.subject_id
    AND p.fiscal_year = t.fiscal_year AND p.basis = t.basis
