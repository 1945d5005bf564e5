-- start_factors: a reason why energy of a fiscal year has no factor of the plan, with supplier and menu as the contract names them, and
-- what may stand in the column menu by the supplier's list of that year, and of any year (残差 is that of its residual row).
-- Reads energy_by_meter_day, energy_types, factor_choices, contracts, emission_factors.
WITH used AS (
    SELECT DISTINCT meter_id, facility_id, energy_type, unit FROM energy_by_meter_day
    WHERE quantity <> 0 AND facility_share > 0 AND local_date >= make_date($year, 4, 1) AND local_date < make_date($year + 1, 4, 1)
),
listed AS (
    SELECT supplier_no, CASE kind WHEN 'residual' THEN '残差' ELSE menu END AS menu,
        coalesce(valid_from < make_date($year + 1, 4, 1), true) AND coalesce(valid_to > make_date($year, 4, 1), true) AS is_of_year
    FROM emission_factors
    WHERE supplier_no IS NOT NULL AND kind IN ('menu', 'residual')
),
menus AS (
    SELECT supplier_no, string_agg(DISTINCT menu, ', ' ORDER BY menu) FILTER (is_of_year) AS of_year, string_agg(DISTINCT menu, ', ' ORDER BY menu) AS of_any_year
    FROM listed
    GROUP BY supplier_no
)
SELECT
    c.reason, u.energy_type, any_value(t.name_ja) AS kind_ja, any_value(t.name_en) AS kind_en, coalesce(k.supplier_no, '') AS supplier_no, coalesce(k.supplier, '') AS supplier, coalesce(k.menu, '') AS menu,
    coalesce(any_value(l.of_year), '') AS menus, coalesce(any_value(l.of_any_year), '') AS menus_of_any_year, list(DISTINCT u.facility_id ORDER BY u.facility_id) AS facilities,
    list(DISTINCT u.meter_id ORDER BY u.meter_id) AS meters
FROM used AS u
JOIN energy_types AS t ON t.energy_type = u.energy_type
JOIN factor_choices AS c
    ON c.meter_id = u.meter_id AND c.unit = u.unit AND c.basis = 'plan' AND c.valid_from < make_date($year + 1, 4, 1)
    AND c.valid_to > make_date($year, 4, 1)
LEFT JOIN contracts AS k
    ON k.meter_id = c.meter_id AND c.valid_from >= coalesce(k.valid_from, DATE '0001-01-01')
    AND c.valid_from < coalesce(k.valid_to, DATE '9999-12-31')
LEFT JOIN menus AS l ON l.supplier_no = k.supplier_no
WHERE c.reason IS NOT NULL AND c.reason <> 'not_in_basis' AND NOT c.is_extended
GROUP BY c.reason, u.energy_type, k.supplier_no, k.supplier, k.menu
ORDER BY len(facilities) DESC, u.energy_type
