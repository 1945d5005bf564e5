-- factor_others: the same row of another edition or year.
-- Reads emission_factors, f.
SELECT o.factor_id, o.value, o.edition, o.status, o.result_fy
FROM emission_factors AS f
JOIN emission_factors AS o
    ON o.factor_id <> f.factor_id AND o.factor_table = f.factor_table AND o.key = f.key AND o.kind = f.kind AND o.gas = f.gas
    AND o.supplier_no IS NOT DISTINCT FROM f.supplier_no AND o.menu IS NOT DISTINCT FROM f.menu AND o.variant = f.variant
WHERE f.factor_id = $id
ORDER BY o.result_fy, o.edition, o.factor_id
