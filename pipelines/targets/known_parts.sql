-- known_parts: what the sources say of each part of a subject in the years of which a yearly total exists: one row per subject, fiscal year,
-- basis, facility and source type, and one for all types together ('all'). high is empty where anything is open. department_node and
-- operator_node: whose it is at the year's end. is_year: the sources are expected over the whole year.
-- Inputs: members, emissions_by_source_month, yearly_total_emissions, open_uses, facility_homes.
WITH asked AS (
    SELECT DISTINCT fiscal_year, basis FROM yearly_total_emissions
),
by_source AS (
    SELECT
        m.subject_key, e.fiscal_year, e.basis, e.facility_id, e.source_type, e.source_kind, e.source_id,
        coalesce(sum(e.low_co2e_kg) FILTER (e.gas <> 'NF3'), 0) AS low, coalesce(sum(e.high_co2e_kg) FILTER (e.gas <> 'NF3'), 0) AS high,
        coalesce(sum(e.open_days) FILTER (e.gas <> 'NF3'), 0) AS open_days, sum(e.covered_days) AS covered_days,
        sum(e.expected_days) AS expected_days, sum(e.expected_days) // count(DISTINCT e.gas) AS source_days, string_agg(DISTINCT e.reasons, ';') AS reasons
    FROM members AS m
    JOIN emissions_by_source_month AS e ON e.facility_id = m.facility_id AND e.valid_from = m.valid_from
    JOIN asked AS a ON a.fiscal_year = e.fiscal_year AND a.basis = e.basis
    WHERE e.is_in_force
    GROUP BY ALL
    UNION ALL BY NAME
    SELECT m.subject_key, h.fiscal_year, h.basis, h.facility_id, 'held' AS source_type, 0 AS low, 0 AS high, 1 AS open_days,
        h.reason AS reasons
    FROM members AS m
    JOIN open_uses AS h ON h.facility_id = m.facility_id AND h.first_date >= m.valid_from AND h.first_date < m.valid_to
    JOIN asked AS a ON a.fiscal_year = h.fiscal_year AND a.basis = h.basis
),
types AS (
    SELECT subject_key, fiscal_year, basis, facility_id, source_type, sum(low) AS low, CASE WHEN sum(open_days) = 0 THEN sum(high) END AS high,
        min(CAST(CAST(covered_days * 1000000 // nullif(expected_days, 0) AS DECIMAL(9, 0)) * 0.000001 AS DECIMAL(9, 6))) AS coverage,
        string_agg(DISTINCT reasons, ';') AS reasons, coalesce(max(source_days) >= 350, false) AS is_year
    FROM by_source
    GROUP BY ALL
),
parts AS (
    FROM types
    UNION ALL BY NAME
    SELECT subject_key, fiscal_year, basis, facility_id, 'all' AS source_type, sum(low) AS low, CASE WHEN count(high) = count(*) THEN sum(high) END AS high,
        min(coverage) AS coverage, string_agg(DISTINCT reasons, ';') AS reasons, bool_or(is_year) AS is_year
    FROM types
    GROUP BY subject_key, fiscal_year, basis, facility_id
)
SELECT p.subject_key, p.fiscal_year, p.basis, p.facility_id, coalesce(h.operator_id || '/' || h.department, 'facility/' || p.facility_id) AS department_node,
    coalesce(h.operator_id, 'facility/' || p.facility_id) AS operator_node, p.source_type, CAST(p.low AS DECIMAL(38, 9)) AS low,
    CAST(p.high AS DECIMAL(38, 9)) AS high, p.coverage, p.reasons, p.is_year, false AS has_all
FROM parts AS p
LEFT JOIN facility_homes AS h ON h.facility_id = p.facility_id AND h.fiscal_year = p.fiscal_year
