-- listed_suppliers: a supplier and menu (empty: none) of which some list, or the city itself, states a factor. Reads emission_factors.
SELECT DISTINCT factor_table, supplier_no, supplier, menu, kind
FROM emission_factors
WHERE factor_table IN ('electricity', 'city_gas', 'heat') AND coalesce(supplier_no, supplier) IS NOT NULL AND kind <> 'national_substitute'
ORDER BY ALL
