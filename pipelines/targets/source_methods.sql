-- source_methods: one row per subject, fiscal year, basis and energy type or activity: by which of the city's own ways its sources are
-- counted, each way one text ('' where there is none): rules of city.toml that say other than without them, and own factors.
-- Inputs: members, emissions_by_source_month, factor_choices, activity_choices, bill_years, method_rules.
WITH named AS (
    SELECT meter_id AS source_id, basis, fiscal_year_of(valid_from) AS fiscal_year, unnest(string_split(rules, ';')) AS rule_id
    FROM factor_choices WHERE rules IS NOT NULL AND reason IS NULL AND NOT is_extended
    UNION
    SELECT meter_id, basis, fiscal_year, rule_id FROM bill_years
),
ways AS (
    SELECT n.source_id, n.basis, n.fiscal_year, r.rule || '=' || r.value AS way
    FROM named AS n
    JOIN method_rules AS r ON r.rule_id = n.rule_id
    WHERE r.value NOT IN ('by_day', 'shikorei', 'table')
    UNION
    SELECT meter_id, basis, fiscal_year_of(valid_from), 'own_factor' FROM factor_choices WHERE choice = 'own' AND NOT is_extended
    UNION
    SELECT activity_source_id, 'plan', fiscal_year_of(valid_from), 'own_factor' FROM activity_choices WHERE choice = 'own'
),
by_source AS (
    SELECT source_id, basis, fiscal_year, string_agg(way, ';' ORDER BY way) AS way FROM ways GROUP BY ALL
),
counted AS (
    SELECT DISTINCT facility_id, valid_from, source_id, source_type, basis, fiscal_year FROM emissions_by_source_month WHERE is_in_force
),
by_facility AS (
    SELECT DISTINCT c.facility_id, c.valid_from, c.source_type, c.basis, c.fiscal_year, coalesce(s.way, '') AS way
    FROM counted AS c
    LEFT JOIN by_source AS s ON s.source_id = c.source_id AND s.basis = c.basis AND s.fiscal_year = c.fiscal_year
)
SELECT m.subject_key, f.fiscal_year, f.basis, f.source_type, list_sort(list(DISTINCT f.way)) AS ways
FROM members AS m
JOIN by_facility AS f ON f.facility_id = m.facility_id AND f.valid_from = m.valid_from
GROUP BY m.subject_key, f.fiscal_year, f.basis, f.source_type
