-- bill_years: one row per meter, basis and fiscal year that the city's rules count by twelve bills, with the rule's id.
-- Of several rules that fit, the one that names most of basis, operator and energy type decides, then the later one.
-- Inputs: meter_segments, method_rules.
SELECT s.meter_id, b.basis, fiscal_year_of(s.valid_from) AS fiscal_year, m.rule_id
FROM meter_segments AS s
CROSS JOIN (SELECT unnest(['plan', 'shk_basic', 'shk_adjusted']) AS basis) AS b
JOIN method_rules AS m
    ON m.rule = 'year_rule' AND coalesce(m.basis, b.basis) = b.basis
    AND coalesce(m.operator_id, s.operator_id) = s.operator_id AND coalesce(m.energy_type, s.energy_type) = s.energy_type
    AND make_date(fiscal_year_of(s.valid_from), 4, 1) >= coalesce(m.valid_from, DATE '0001-01-01')
    AND make_date(fiscal_year_of(s.valid_from), 4, 1) < coalesce(m.valid_to, DATE '9999-12-31')
WHERE NOT s.is_extended
QUALIFY row_number() OVER (
    PARTITION BY s.meter_id, b.basis, fiscal_year_of(s.valid_from)
    ORDER BY s.valid_from, (m.basis IS NOT NULL)::INTEGER + (m.operator_id IS NOT NULL)::INTEGER + (m.energy_type IS NOT NULL)::INTEGER DESC,
        m.valid_from DESC NULLS LAST, m.rule_id) = 1 AND m.value = 'twelve_bills'
