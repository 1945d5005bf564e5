-- subject_gases: one row per subject, fiscal year, basis and gas: kg of the gas in force and its warming potential, for documents that
-- round a gas before its potential. NF3 and gases without a potential have no part in a total.
-- Reads emissions_by_source_month, facility_spans, gwp. Parameters: years, kind, subject (empty: all).
WITH counted AS (
    SELECT m.facility_id, s.operator_id, m.fiscal_year, m.basis, m.gas, sum(m.emissions_kg) AS emissions_kg
    FROM emissions_by_source_month AS m
    JOIN facility_spans AS s ON s.facility_id = m.facility_id AND s.valid_from = m.valid_from
    WHERE m.is_in_force AND m.gas <> 'NF3' AND list_contains(CAST($years AS INTEGER[]), m.fiscal_year)
    GROUP BY ALL
),
placed AS (
    SELECT 'facility' AS subject_kind, facility_id AS subject_id, * FROM counted
    UNION ALL BY NAME SELECT 'operator' AS subject_kind, operator_id AS subject_id, * FROM counted
    UNION ALL BY NAME SELECT 'city' AS subject_kind, 'city' AS subject_id, * FROM counted
)
SELECT p.subject_kind, p.subject_id, p.fiscal_year, p.basis, p.gas, g.value AS gwp_value, sum(p.emissions_kg) AS emissions_kg
FROM placed AS p
JOIN gwp AS g
    ON g.gas = p.gas AND g.basis = CASE p.basis WHEN 'plan' THEN 'plan' ELSE 'shk' END
    AND make_date(p.fiscal_year, 4, 1) >= coalesce(g.valid_from, DATE '0001-01-01')
    AND make_date(p.fiscal_year, 4, 1) < coalesce(g.valid_to, DATE '9999-12-31')
WHERE coalesce(p.subject_kind = $kind, true) AND coalesce(p.subject_id = $subject, true)
GROUP BY ALL
ORDER BY ALL
