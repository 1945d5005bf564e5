-- method_densities: a density, and whether the night used it.
-- Reads densities, factor_choices.
SELECT d.density_id AS id, 'densities' AS factor_table, d.energy_type AS name_ja, NULL AS supplier_no, d.supplier,
    d.area_or_menu AS menu, NULL AS variant, NULL AS gas, d.value, d.unit, d.valid_from, d.valid_to, NULL AS edition,
    'confirmed' AS status, d.source_id, NULL AS place, d.note,
    EXISTS (SELECT 1 FROM factor_choices AS c WHERE c.density_id = d.density_id) AS used
FROM densities AS d ORDER BY d.density_id
