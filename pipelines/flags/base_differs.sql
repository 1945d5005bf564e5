-- base_differs: targets whose stated base amount differs from our own base year by more than the setting; where our base year
-- has an open source its sum is no amount to compare with. Inputs: targets, base_year_lines. Parameter: base_difference.
SELECT t.target_id, t.base_fy, t.base_co2e_t, CAST(l.co2e_kg AS DECIMAL(38, 9)) AS own_co2e_kg
FROM targets AS t
JOIN base_year_lines AS l ON l.target_id = t.target_id AND l.line = 'recalculated'
WHERE t.base_co2e_t IS NOT NULL
    AND abs(t.base_co2e_t * 1000 - l.co2e_kg) > l.co2e_kg * CAST($base_difference AS DECIMAL(9, 6))
ORDER BY t.target_id
