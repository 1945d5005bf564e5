-- contract_names: what contracts say of a supplier and menu, with the meters for which they say it, of energy whose factor is a supplier's.
-- Reads contracts, meters.
SELECT
    CASE WHEN m.energy_type IN ('steam', 'steam_industrial', 'hot_water', 'cold_water') THEN 'heat' ELSE m.energy_type END AS factor_table,
    c.supplier_no, c.supplier, c.menu, list(DISTINCT c.meter_id ORDER BY c.meter_id) AS meters
FROM contracts AS c
JOIN (SELECT DISTINCT meter_id, energy_type FROM meters) AS m ON m.meter_id = c.meter_id
WHERE m.energy_type IN ('electricity', 'city_gas', 'steam', 'steam_industrial', 'hot_water', 'cold_water')
GROUP BY ALL
ORDER BY ALL
