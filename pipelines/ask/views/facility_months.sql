-- facility_months: one row per facility and month: who and what it is, energy, and CO2 on the basis of the plan.
-- Reads emissions_by_facility_month, energy_by_facility_month, facility_spans, facilities, operators, facility_facts, facility_results.
WITH emitted AS (
    SELECT facility_id, month, sum(co2e_kg) AS co2e_kg, sum(energy_gj) AS energy_gj, sum(crude_oil_kl) AS crude_oil_kl, min(coverage) AS coverage
    FROM emissions_by_facility_month
    WHERE basis = 'plan'
    GROUP BY facility_id, month
),
used AS (
    SELECT facility_id, month, sum(quantity) FILTER (energy_type = 'electricity' AND unit = 'kWh') AS electricity_kwh,
        sum(quantity) FILTER (energy_type = 'city_gas' AND unit = 'm3') AS city_gas_m3
    FROM energy_by_facility_month
    GROUP BY facility_id, month
)
SELECT
    e.facility_id, f.name AS facility_name, e.month, fiscal_year_of(e.month) AS fiscal_year, s.use_class, s.operator_id,
    o.name AS operator_name, s.department, a.floor_area_m2, CAST(u.electricity_kwh AS DECIMAL(38, 6)) AS electricity_kwh,
    CAST(u.city_gas_m3 AS DECIMAL(38, 6)) AS city_gas_m3, CAST(e.energy_gj AS DECIMAL(38, 9)) AS energy_gj,
    CAST(e.crude_oil_kl AS DECIMAL(38, 13)) AS crude_oil_kl,
    CAST(CAST(e.co2e_kg AS DECIMAL(26, 9)) * 0.001 AS DECIMAL(38, 12)) AS co2e_t, e.coverage, r.verdict, r.is_inherited, r.year_state
FROM emitted AS e
JOIN facilities AS f ON f.facility_id = e.facility_id
LEFT JOIN facility_spans AS s ON s.facility_id = e.facility_id AND e.month >= s.valid_from AND e.month < s.valid_to
LEFT JOIN operators AS o ON o.operator_id = s.operator_id
LEFT JOIN facility_facts AS a
    ON a.facility_id = e.facility_id AND e.month >= coalesce(a.valid_from, DATE '0001-01-01') AND e.month < coalesce(a.valid_to, DATE '9999-12-31')
LEFT JOIN used AS u ON u.facility_id = e.facility_id AND u.month = e.month
LEFT JOIN facility_results AS r ON r.facility_id = e.facility_id AND r.fiscal_year = fiscal_year_of(e.month) AND r.basis = 'plan'
