-- method_gwp: a warming potential, and whether the night used it.
-- Reads activity_choices, factor_choices, gwp.
SELECT g.gwp_id AS id, 'gwp' AS factor_table, g.name_ja, NULL AS supplier_no, g.gas AS supplier, g.assessment AS menu,
    g.basis AS variant, g.gas, g.value, '' AS unit, g.valid_from, g.valid_to, g.assessment AS edition, 'confirmed' AS status,
    g.source_id, g.source_place AS place, g.note,
    EXISTS (SELECT 1 FROM factor_choices AS c WHERE c.gwp_id = g.gwp_id)
        OR EXISTS (SELECT 1 FROM activity_choices AS a WHERE a.gwp_id = g.gwp_id) AS used
FROM gwp AS g ORDER BY g.gas, g.basis, g.valid_from
