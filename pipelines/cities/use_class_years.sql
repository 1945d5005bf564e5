-- use_class_years: one row per use class, fiscal year and basis of one city's published file: the totals in force, and those of
-- the facilities that are covered wholly and whose floor area is known, which alone can be compared per square metre.
-- Use class and area are those of 1 April. Inputs: emissions_by_facility_fiscal_year, facility_spans, facility_facts,
-- facility_results.
WITH placed AS (
    SELECT y.facility_id, s.use_class, y.fiscal_year, y.basis, y.co2e_kg, y.energy_gj, y.coverage = 1 AS is_covered, a.floor_area_m2, r.verdict
    FROM emissions_by_facility_fiscal_year AS y
    JOIN facility_spans AS s
        ON s.facility_id = y.facility_id AND make_date(y.fiscal_year, 4, 1) >= s.valid_from AND make_date(y.fiscal_year, 4, 1) < s.valid_to
    LEFT JOIN facility_facts AS a
        ON a.facility_id = y.facility_id AND make_date(y.fiscal_year, 4, 1) >= coalesce(a.valid_from, DATE '0001-01-01')
        AND make_date(y.fiscal_year, 4, 1) < coalesce(a.valid_to, DATE '9999-12-31')
    LEFT JOIN facility_results AS r ON r.facility_id = y.facility_id AND r.fiscal_year = y.fiscal_year AND r.basis = y.basis
    WHERE y.is_in_force
)
SELECT
    use_class, fiscal_year, basis, count(*) AS facilities, count(*) FILTER (is_covered) AS covered_facilities,
    sum(co2e_kg) AS co2e_kg, sum(energy_gj) AS energy_gj,
    count(*) FILTER (is_covered AND floor_area_m2 > 0) AS comparable_facilities,
    sum(floor_area_m2) FILTER (is_covered) AS comparable_floor_area_m2,
    sum(co2e_kg) FILTER (is_covered AND floor_area_m2 > 0) AS comparable_co2e_kg,
    sum(energy_gj) FILTER (is_covered AND floor_area_m2 > 0) AS comparable_energy_gj,
    count(*) FILTER (verdict = 'achieved') AS achieved, count(*) FILTER (verdict = 'not_achieved') AS not_achieved,
    count(*) FILTER (verdict = 'undeterminable') AS undeterminable
FROM placed
GROUP BY use_class, fiscal_year, basis
