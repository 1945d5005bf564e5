-- facility_years: one row per facility and fiscal year that has emissions or a verdict: who and what it was on its last day, energy, CO2 in
-- force on the basis of the plan, and the verdict.
-- Reads emissions_by_facility_fiscal_year, energy_by_facility_month, facility_results, facility_spans, facilities, operators, facility_facts.
WITH emitted AS (
    SELECT * FROM emissions_by_facility_fiscal_year WHERE basis = 'plan' AND is_in_force
),
judged AS (
    SELECT * FROM facility_results WHERE basis = 'plan'
),
years AS (
    SELECT facility_id, fiscal_year FROM emitted
    UNION SELECT facility_id, fiscal_year FROM judged
),
used AS (
    SELECT facility_id, fiscal_year_of(month) AS fiscal_year,
        sum(quantity) FILTER (energy_type = 'electricity' AND unit = 'kWh') AS electricity_kwh,
        sum(quantity) FILTER (energy_type = 'city_gas' AND unit = 'm3') AS city_gas_m3
    FROM energy_by_facility_month
    GROUP BY ALL
),
dated AS (
    SELECT *, make_date(fiscal_year + 1, 3, 31) AS last_day FROM years
)
SELECT
    y.facility_id, f.name AS facility_name, y.fiscal_year, s.use_class, s.operator_id, o.name AS operator_name, s.department,
    a.floor_area_m2, CAST(u.electricity_kwh AS DECIMAL(38, 6)) AS electricity_kwh, CAST(u.city_gas_m3 AS DECIMAL(38, 6)) AS city_gas_m3,
    CAST(e.energy_gj AS DECIMAL(38, 9)) AS energy_gj, CAST(e.crude_oil_kl AS DECIMAL(38, 13)) AS crude_oil_kl, CAST(CAST(e.co2e_kg AS DECIMAL(26, 9)) * 0.001 AS DECIMAL(38, 12)) AS co2e_t,
    coalesce(e.coverage, r.coverage) AS coverage, e.is_provisional, e.is_yearly_total, r.verdict, r.is_inherited, r.year_state, r.reasons
FROM dated AS y
JOIN facilities AS f ON f.facility_id = y.facility_id
LEFT JOIN emitted AS e ON e.facility_id = y.facility_id AND e.fiscal_year = y.fiscal_year
LEFT JOIN judged AS r ON r.facility_id = y.facility_id AND r.fiscal_year = y.fiscal_year
LEFT JOIN used AS u ON u.facility_id = y.facility_id AND u.fiscal_year = y.fiscal_year
LEFT JOIN facility_spans AS s ON s.facility_id = y.facility_id AND y.last_day >= s.valid_from AND y.last_day < s.valid_to
LEFT JOIN operators AS o ON o.operator_id = s.operator_id
LEFT JOIN facility_facts AS a
    ON a.facility_id = y.facility_id AND y.last_day >= coalesce(a.valid_from, DATE '0001-01-01')
    AND y.last_day < coalesce(a.valid_to, DATE '9999-12-31')
