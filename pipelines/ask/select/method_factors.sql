-- method_factors: an emission factor, and whether the night used it.
-- Reads activity_choices, emission_factors, factor_choices.
SELECT f.factor_id AS id, f.factor_table, f.name_ja, f.supplier_no, f.supplier, f.menu, f.variant, f.gas, f.value, f.unit,
    f.valid_from, f.valid_to, f.edition, f.status, f.source_id, f.source_place AS place, f.note,
    EXISTS (SELECT 1 FROM factor_choices AS c WHERE c.factor_id = f.factor_id AND NOT c.is_extended)
        OR EXISTS (SELECT 1 FROM activity_choices AS a WHERE a.factor_id = f.factor_id) AS used
FROM emission_factors AS f
ORDER BY f.factor_table, f.supplier_no, f.key, f.menu NULLS FIRST, f.variant, f.gas, f.valid_from, f.factor_id
