-- factors_listed: a factor, by table or energy type, part of a supplier's name or number, and day.
-- Reads emission_factors.
SELECT factor_id, origin, factor_table, key, name_ja, supplier_no, supplier, menu, kind, variant, gas, value, unit, result_fy, valid_from,
    valid_to, status, edition
FROM emission_factors
WHERE ($table IS NULL OR factor_table = $table OR key = $table)
    AND ($supplier IS NULL OR contains(coalesce(supplier, '') || ' ' || coalesce(supplier_no, ''), $supplier))
    AND ($on IS NULL OR CAST($on AS DATE) >= coalesce(valid_from, DATE '0001-01-01')
        AND CAST($on AS DATE) < coalesce(valid_to, DATE '9999-12-31'))
ORDER BY factor_table, supplier_no, supplier, menu NULLS FIRST, variant, valid_from, edition
