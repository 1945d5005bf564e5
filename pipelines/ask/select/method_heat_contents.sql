-- method_heat_contents: a heat content, and whether the night used it.
-- Reads energy_choices, factor_choices, heat_contents.
SELECT h.heat_content_id AS id, 'heat_contents' AS factor_table, h.name_ja, NULL AS supplier_no, h.supplier, h.area AS menu,
    h.time_band AS variant, NULL AS gas, h.value, h.unit, h.valid_from, h.valid_to, h.edition, h.status, h.source_id,
    h.source_place AS place, h.note,
    EXISTS (SELECT 1 FROM energy_choices AS c WHERE c.heat_content_id = h.heat_content_id)
        OR EXISTS (SELECT 1 FROM factor_choices AS c WHERE c.heat_content_id = h.heat_content_id AND NOT c.is_extended) AS used
FROM heat_contents AS h
ORDER BY h.heat_table, h.key, h.valid_from, h.heat_content_id
