-- emission_factors: one row per emission factor: the published ones, the city's supplier factors, measured own factors.
-- A supplier factor of the city serves the fiscal year it names; where it gives basic and adjusted, it makes two rows. A fuel's factor
-- that the city's plan states (table own_fuels) names its document.
-- Inputs: published_emission_factors (emission_factors.csv), supplier_factors, own_factors, factor_units, energy_types.
WITH published AS (
    SELECT
        factor_id, 'reference' AS origin, factor_table, key, name_ja, kind, nullif(supplier_no, '') AS supplier_no,
        nullif(supplier, '') AS supplier, nullif(menu, '') AS menu, variant, gas, CAST(value AS DECIMAL(18, 9)) AS value,
        unit, CAST(nullif(result_fy, '') AS INTEGER) AS result_fy, CAST(nullif(valid_from, '') AS DATE) AS valid_from,
        CAST(nullif(valid_to, '') AS DATE) AS valid_to, status, edition, source_id, source_place,
        nullif(note, '') AS note, NULL AS facility_id
    FROM published_emission_factors
),
both_values AS (
    SELECT *, 'basic' AS variant, basic AS value FROM supplier_factors WHERE basic IS NOT NULL
    UNION ALL BY NAME
    SELECT *, 'adjusted' AS variant, adjusted AS value FROM supplier_factors WHERE adjusted IS NOT NULL
),
entered AS (
    SELECT
        concat_ws('/', 'city', energy_type, 'FY' || activity_fy, supplier_no, supplier, kind,
            nullif(area_or_menu, ''), edition, variant) AS factor_id,
        'city' AS origin,
        CASE WHEN energy_type IN ('steam', 'steam_industrial', 'hot_water', 'cold_water') THEN 'heat'
            ELSE energy_type END AS factor_table,
        CASE WHEN energy_type IN ('steam', 'steam_industrial', 'hot_water', 'cold_water') THEN 'heat'
            ELSE energy_type END AS key,
        supplier AS name_ja, kind, supplier_no, supplier, area_or_menu AS menu, variant, 'CO2' AS gas, value,
        factor_units.unit AS unit, activity_fy - 1 AS result_fy, make_date(activity_fy, 4, 1) AS valid_from,
        make_date(activity_fy + 1, 4, 1) AS valid_to, 'confirmed' AS status, edition, NULL AS source_id,
        both_values.source AS source_place, NULL AS note, NULL AS facility_id
    FROM both_values
    JOIN factor_units ON factor_units.raw = both_values.unit
),
measured AS (
    SELECT
        concat_ws('/', 'own', facility_id, activity, energy_type, gas, coalesce(CAST(valid_from AS VARCHAR), 'open')) AS factor_id,
        'own' AS origin, CASE WHEN energy_type IS NULL THEN 'plan_activities' ELSE 'own_fuels' END AS factor_table,
        coalesce(energy_type, activity) AS key,
        (SELECT e.name_ja FROM energy_types AS e WHERE e.energy_type = own_factors.energy_type) AS name_ja, 'own' AS kind,
        NULL AS supplier_no, NULL AS supplier, NULL AS menu, 'both' AS variant, gas, value, factor_units.unit AS unit,
        NULL AS result_fy, valid_from, valid_to, 'confirmed' AS status, NULL AS edition, NULL AS source_id,
        coalesce(document, measured_by) AS source_place, NULL AS note, facility_id
    FROM own_factors
    JOIN factor_units ON factor_units.raw = own_factors.unit
)
FROM published
UNION ALL BY NAME FROM entered
UNION ALL BY NAME FROM measured
