-- factor_choices: one row per meter, basis, unit and period: which factor serves, how it was chosen, or why there is none.
-- Two candidates is an error that names both. Inputs: factor_candidates, factor_multipliers (exact, from pint), gwp.
WITH counted AS (
    SELECT
        c.*, m.multiplier14, m.reason AS unit_reason, m.mark,
        count(DISTINCT c.factor_id) OVER one AS factors, count(DISTINCT c.heat_content_id) OVER one AS heats, count(DISTINCT c.density_id) OVER one AS densities_found,
        string_agg(DISTINCT concat_ws(' + ', c.factor_id, CASE WHEN c.heat_rule IS NOT NULL THEN c.heat_content_id END, c.density_id), ' | ') OVER one AS named,
        row_number() OVER (PARTITION BY c.meter_id, c.basis, c.unit, c.valid_from
            ORDER BY c.factor_id, c.heat_content_id, c.density_id) AS place
    FROM factor_candidates AS c
    JOIN factor_multipliers AS m
        ON m.unit = c.unit AND m.energy_type = c.energy_type AND m.factor_id IS NOT DISTINCT FROM c.factor_id
        AND m.heat_content_id IS NOT DISTINCT FROM c.heat_content_id AND m.metered_at IS NOT DISTINCT FROM c.metered_at
        AND m.density_id IS NOT DISTINCT FROM c.density_id
    WINDOW one AS (PARTITION BY c.meter_id, c.basis, c.unit, c.valid_from)
),
decided AS (
    SELECT *, CASE
        WHEN method = 'not_in_basis' THEN 'not_in_basis'
        WHEN method = 'unknown_fuel' THEN 'unknown_fuel'
        WHEN method IS NULL THEN 'not_in_table'
        WHEN method = 'supplier' AND NOT has_contract THEN 'no_contract'
        WHEN factors > 1 OR densities_found > 1 OR heat_rule IS NOT NULL AND heats > 1 THEN 'two_factors'
        WHEN factor_id IS NULL THEN 'no_factor_row'
        WHEN heat_rule IS NOT NULL AND heat_content_id IS NULL AND unit_reason IS NOT NULL THEN 'no_heat_content'
        ELSE unit_reason END AS reason
    FROM counted
    WHERE place = 1
)
SELECT
    d.meter_id, d.basis, d.unit, d.valid_from, d.valid_to, coalesce(d.gas, 'CO2') AS gas,
    CASE WHEN d.reason IS NULL THEN d.factor_id END AS factor_id,
    CASE WHEN d.reason IS NULL THEN d.heat_content_id END AS heat_content_id,
    CASE WHEN d.reason IS NULL THEN d.density_id END AS density_id, g.gwp_id,
    CASE
        WHEN d.reason IS NOT NULL THEN NULL
        WHEN d.rank > 1 OR d.year_unstated THEN 'provisional'
        WHEN d.kind IN ('national_substitute', 'whole_company_reference') THEN 'legal_substitute'
        WHEN d.origin IN ('city', 'own') THEN d.origin
        ELSE 'exact'
    END AS choice,
    CASE WHEN d.reason IS NULL THEN d.multiplier14 END AS multiplier14, g.value AS gwp_value, d.reason,
    CASE WHEN d.reason = 'two_factors' THEN d.named END AS candidates, d.mark,
    CASE WHEN d.reason IS NULL THEN d.edition END AS edition, d.clause,
    nullif(concat_ws(';', d.rules, d.heat_rule, CASE WHEN d.mark = 'normal_volume' THEN d.volume_rule END), '') AS rules, d.is_extended
FROM decided AS d
LEFT JOIN gwp AS g
    ON g.gas = coalesce(d.gas, 'CO2') AND g.basis = CASE WHEN d.basis = 'plan' THEN 'plan' ELSE 'shk' END
    AND d.valid_from >= coalesce(g.valid_from, DATE '0001-01-01') AND d.valid_from < coalesce(g.valid_to, DATE '9999-12-31')
