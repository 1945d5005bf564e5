-- years: the year's total under each rule of the year, and which rules of the city it follows.
-- Inputs: emissions_by_facility_fiscal_year, method_rules.
SELECT y.year_rule, y.is_in_force, y.co2e_kg, y.energy_gj, y.crude_oil_kl, y.coverage,
    (SELECT string_agg(m.rule_id || ' = ' || m.value || ' (' || m.source || ')', '; ' ORDER BY m.rule_id) FROM method_rules AS m
        WHERE list_contains(string_split(y.rules, ';'), m.rule_id)) AS rules
FROM emissions_by_facility_fiscal_year AS y
WHERE y.facility_id = $facility AND y.fiscal_year = $year AND y.basis = $basis
ORDER BY y.year_rule
