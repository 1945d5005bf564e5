-- base_year_lines: the base year of each target in up to three lines: as published (the target's own amount, else what was
-- published before this system), recalculated (our data, the facilities that belong to the subject now), existing_then (our
-- data, the facilities that belonged to it in the base year). Where they agree they say so by being equal.
-- Inputs: targets, published_totals, members, facilities, emissions_by_source_year. Parameter: today.
WITH of_facilities AS (
    SELECT facility_id, valid_from, fiscal_year, basis, sum(co2e_kg) AS co2e_kg
    FROM emissions_by_source_year WHERE is_in_force AND gas <> 'NF3' GROUP BY ALL
),
belonging_now AS (
    SELECT DISTINCT m.target_id, m.facility_id
    FROM members AS m
    JOIN facilities AS f ON f.facility_id = m.facility_id
    WHERE m.target_id IS NOT NULL AND least(CAST($today AS DATE), coalesce(f.closed_on - 1, DATE '9999-12-31')) >= m.valid_from
        AND least(CAST($today AS DATE), coalesce(f.closed_on - 1, DATE '9999-12-31')) < m.valid_to
),
lines AS (
    SELECT t.target_id, 'as_published' AS line, coalesce(t.base_co2e_t, p.co2e_t) * 1000 AS co2e_kg, NULL AS facilities
    FROM targets AS t
    LEFT JOIN (SELECT subject, fiscal_year, basis, arg_max(co2e_t, document) AS co2e_t FROM published_totals GROUP BY ALL) AS p
        ON p.fiscal_year = t.base_fy AND p.basis = t.basis AND p.subject = t.subject_id
    WHERE coalesce(t.base_co2e_t, p.co2e_t) IS NOT NULL
    UNION ALL
    SELECT t.target_id, 'recalculated', sum(e.co2e_kg), count(DISTINCT e.facility_id)
    FROM targets AS t
    JOIN belonging_now AS b ON b.target_id = t.target_id
    JOIN of_facilities AS e ON e.facility_id = b.facility_id AND e.fiscal_year = t.base_fy AND e.basis = t.basis
    GROUP BY t.target_id
    UNION ALL
    SELECT t.target_id, 'existing_then', sum(e.co2e_kg), count(DISTINCT e.facility_id)
    FROM targets AS t
    JOIN members AS m ON m.target_id = t.target_id
    JOIN of_facilities AS e
        ON e.facility_id = m.facility_id AND e.valid_from = m.valid_from AND e.fiscal_year = t.base_fy AND e.basis = t.basis
    GROUP BY t.target_id
)
SELECT l.target_id, t.base_fy, t.basis, l.line, l.co2e_kg, l.facilities
FROM lines AS l
JOIN targets AS t ON t.target_id = l.target_id
