-- factor_candidates: one row per meter, basis, unit, period and factor that could apply; none leaves the id empty.
-- A supplier's factor is found by the contract: its menu, or a word that says which kind of row serves (残差, 代替値 ...).
-- A row of another kind never steps in because the right one is absent. A year whose national list is not out yet takes
-- last year's row of the same contract, as provisional. The newest edition of a list (result year) counts as a whole. The plan's electricity follows the city's dated rule for which
-- result year the ministers' notice means; without a rule it is provisional.
-- An operator whose SHK emissions serve its plan (plan_method shk_deemed) is counted by the SHK rules there.
-- A factor that the city's plan states for a fuel (own_factors) goes before the ordinance's, in the plan alone. Where the city's method
-- says so, the plan's city gas meets the supplier's heat content, and its metered volume the normal state (plan_city_gas_*).
-- Inputs: meter_segments, counted_in (the units of each), factor_rules, emission_factors, heat_contents, densities, menu_words, method_rules.
WITH needed AS (
    SELECT DISTINCT s.*, d.unit, b.basis
    FROM meter_segments AS s
    JOIN (SELECT DISTINCT meter_id, unit FROM counted_in) AS d ON d.meter_id = s.meter_id
    CROSS JOIN (SELECT unnest(['plan', 'shk_basic', 'shk_adjusted']) AS basis) AS b
),
deemed AS (
    SELECT n.*, m.rule_id AS method_rule, CASE WHEN m.value = 'shk_deemed' THEN 'shk_basic' ELSE n.basis END AS counted_as
    FROM needed AS n
    LEFT JOIN method_rules AS m
        ON m.rule = 'plan_method' AND n.basis = 'plan' AND m.operator_id = n.operator_id
        AND n.valid_from >= coalesce(m.valid_from, DATE '0001-01-01') AND n.valid_from < coalesce(m.valid_to, DATE '9999-12-31')
),
stated AS (
    SELECT key, valid_from, valid_to, source_place FROM emission_factors WHERE factor_table = 'own_fuels'
),
ruled AS (
    SELECT
        n.*, CASE WHEN o.key IS NULL THEN r.method ELSE 'table' END AS method,
        CASE WHEN o.key IS NULL THEN r.factor_table ELSE 'own_fuels' END AS factor_table, coalesce(o.key, r.key) AS key,
        r.key AS heat_key, r.variant, r.substitute, coalesce(o.source_place, r.clause) AS clause, w.kind AS word_kind,
        g.rule_id AS heat_rule, v.rule_id AS volume_rule, v.value AS metered_at, p.rule_id AS electricity_rule, n.counted_as = 'plan' AND r.factor_table = 'electricity' AND p.rule_id IS NULL AS year_unstated,
        CAST(n.valid_from + to_years(CAST(coalesce(p.value, '-1') AS INTEGER) + 1) AS DATE) AS looked_up_on
    FROM deemed AS n
    LEFT JOIN factor_rules AS r
        ON r.energy_type = n.energy_type AND r.basis = n.counted_as
        AND n.valid_from >= coalesce(r.valid_from, DATE '0001-01-01') AND n.valid_from < coalesce(r.valid_to, DATE '9999-12-31')
    LEFT JOIN stated AS o
        ON o.key = n.energy_type AND n.counted_as = 'plan'
        AND n.valid_from >= coalesce(o.valid_from, DATE '0001-01-01') AND n.valid_from < coalesce(o.valid_to, DATE '9999-12-31')
    LEFT JOIN menu_words AS w ON w.word = n.menu
    LEFT JOIN method_rules AS g
        ON g.rule = 'plan_city_gas_heat' AND g.value = 'supplier' AND n.counted_as = 'plan' AND n.energy_type = 'city_gas'
        AND n.valid_from >= coalesce(g.valid_from, DATE '0001-01-01') AND n.valid_from < coalesce(g.valid_to, DATE '9999-12-31')
    LEFT JOIN method_rules AS v
        ON v.rule = 'plan_city_gas_volume' AND n.counted_as = 'plan' AND n.energy_type = 'city_gas'
        AND n.valid_from >= coalesce(v.valid_from, DATE '0001-01-01') AND n.valid_from < coalesce(v.valid_to, DATE '9999-12-31')
    LEFT JOIN method_rules AS p
        ON p.rule = 'plan_electricity_factor_rule' AND n.counted_as = 'plan' AND r.factor_table = 'electricity'
        AND n.valid_from >= coalesce(p.valid_from, DATE '0001-01-01') AND n.valid_from < coalesce(p.valid_to, DATE '9999-12-31')
),
lists AS (
    SELECT factor_table, max(valid_to) AS ends_on FROM emission_factors
    WHERE origin = 'reference' AND result_fy IS NOT NULL GROUP BY factor_table
),
factors AS (
    SELECT f.*, l.ends_on FROM emission_factors AS f LEFT JOIN lists AS l ON l.factor_table = f.factor_table
    WHERE f.factor_table <> 'plan_activities'
    QUALIFY f.origin <> 'reference' OR f.result_fy IS NULL
        OR f.edition = max(f.edition) OVER (PARTITION BY f.origin, f.factor_table, f.result_fy)
),
matched AS (
    SELECT
        r.*, f.factor_id, f.value AS factor_value, f.unit AS factor_unit, f.gas, f.origin, f.kind, f.edition,
        f.supplier AS factor_supplier, f.menu AS factor_menu,
        CASE WHEN r.looked_up_on >= coalesce(f.valid_from, DATE '0001-01-01')
                AND r.looked_up_on < coalesce(f.valid_to, DATE '9999-12-31')
            THEN CASE WHEN f.status = 'confirmed' THEN 1 ELSE 2 END ELSE 3 END AS rank
    FROM ruled AS r
    LEFT JOIN factors AS f
        ON f.factor_table = r.factor_table AND f.variant IN ('both', r.variant)
        AND (
            r.looked_up_on >= coalesce(f.valid_from, DATE '0001-01-01') AND r.looked_up_on < coalesce(f.valid_to, DATE '9999-12-31')
            OR r.method = 'supplier' AND r.looked_up_on >= f.ends_on
                AND CAST(r.looked_up_on - INTERVAL 1 YEAR AS DATE) >= f.valid_from
                AND CAST(r.looked_up_on - INTERVAL 1 YEAR AS DATE) < f.valid_to
        )
        AND (
            r.method = 'table' AND f.kind IN ('table', 'own') AND f.key = r.key
            OR r.method = 'supplier' AND r.has_contract AND (
                f.supplier_no = r.supplier_no OR f.supplier = r.supplier AND (f.supplier_no IS NULL OR r.supplier_no IS NULL)
                OR r.word_kind = 'national_substitute'
            ) AND (
                r.word_kind IS NOT NULL AND f.kind = r.word_kind
                    AND (r.word_kind <> 'national_substitute' OR r.substitute = 'yes')
                OR r.word_kind IS NULL AND f.menu = r.menu AND f.kind IN ('menu', 'residual', 'area', 'single')
                OR r.menu IS NULL AND f.menu IS NULL AND f.kind IN ('single', 'area')
            )
        )
),
best AS (
    SELECT *, CASE WHEN factor_unit LIKE '%C/%J' OR origin = 'own' AND factor_unit LIKE '%/_J'
        THEN CASE WHEN heat_rule IS NOT NULL THEN 'supplier' WHEN origin = 'own' THEN 'plan_fuels' ELSE factor_table END END AS heat_table
    FROM matched
    QUALIFY rank = min(rank) OVER (PARTITION BY meter_id, basis, unit, valid_from)
        AND rank() OVER (PARTITION BY meter_id, basis, unit, valid_from, origin, factor_supplier, kind, factor_menu, key
            ORDER BY edition DESC NULLS LAST) = 1
),
latest_heat AS (
    SELECT * FROM heat_contents
    QUALIFY rank() OVER (PARTITION BY origin, heat_table, key, time_band, supplier, area, valid_from ORDER BY edition DESC NULLS LAST) = 1
)
SELECT
    b.meter_id, b.basis, b.unit, b.energy_type, b.valid_from, b.valid_to, b.method, b.has_contract, b.year_unstated, b.rank,
    nullif(concat_ws(';', b.method_rule, b.electricity_rule), '') AS rules, CASE WHEN b.heat_table IS NOT NULL THEN b.heat_rule END AS heat_rule,
    b.volume_rule, b.metered_at, b.clause, b.edition, b.is_extended, b.factor_id, b.factor_value, b.factor_unit, b.gas, b.origin, b.kind, h.heat_content_id, h.value AS heat_value,
    replace(h.unit, 'J_primary', 'J') AS heat_unit, d.density_id, d.value AS density_value, d.unit AS density_unit
FROM best AS b
LEFT JOIN latest_heat AS h
    ON h.heat_table = b.heat_table AND h.key = CASE WHEN b.origin = 'own' THEN b.heat_key ELSE b.key END
    AND (b.heat_rule IS NULL OR h.supplier = b.supplier AND (h.area IS NULL OR h.area = b.menu))
    AND b.valid_from >= coalesce(h.valid_from, DATE '0001-01-01') AND b.valid_from < coalesce(h.valid_to, DATE '9999-12-31')
LEFT JOIN densities AS d
    ON d.energy_type = b.energy_type AND d.supplier = b.supplier AND (d.area_or_menu IS NULL OR d.area_or_menu = b.menu)
    AND b.valid_from >= coalesce(d.valid_from, DATE '0001-01-01') AND b.valid_from < coalesce(d.valid_to, DATE '9999-12-31')
