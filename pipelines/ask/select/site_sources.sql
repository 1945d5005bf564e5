-- site_sources: one row per facility, source and factor of a fiscal year: the sum of quantities, and what the plan made of it. Parameter: fiscal_year.
-- Reads emission_days, emission_factors.
SELECT e.facility_id, e.source_kind, e.source_id, e.source_type, e.unit, sum(e.quantity) AS quantity, sum(e.co2e_kg) AS co2e_kg,
    e.choice, f.value, f.unit AS factor_unit, f.name_ja, f.supplier, f.menu, f.edition, f.source_id AS reference, f.source_place
FROM emission_days AS e
LEFT JOIN emission_factors AS f ON f.factor_id = e.factor_id
WHERE e.basis = 'plan' AND e.local_date >= make_date(CAST($fiscal_year AS INTEGER), 4, 1)
    AND e.local_date < make_date(CAST($fiscal_year AS INTEGER) + 1, 4, 1)
GROUP BY ALL
ORDER BY e.facility_id, sum(e.co2e_kg) DESC NULLS LAST, e.source_id, f.value, e.unit
