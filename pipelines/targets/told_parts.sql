-- told_parts: the parts of subjects summed to the next level (facilities, departments, operators), and what the yearly totals of that level
-- say of the sums: of a type, and of all types together. What is known of all together is the sum of the types; where totals of all types
-- spoke of the parts (has_all), also the sum of the parts, and then what both allow. A total of a type that no part has says more than
-- the parts know, so their sum is no upper bound; a total of all types beside which no type is known leaves its types open ('rest').
-- Inputs: parts (known_parts, or the level before), total_scopes. Parameter: level.
WITH spoken AS (
    SELECT * FROM total_scopes WHERE level = CAST($level AS INTEGER)
),
summed AS (
    SELECT subject_key, fiscal_year, basis, CASE CAST($level AS INTEGER) WHEN 1 THEN facility_id WHEN 2 THEN department_node ELSE operator_node END AS node,
        any_value(facility_id) AS facility_id, any_value(department_node) AS department_node, any_value(operator_node) AS operator_node, source_type,
        sum(low) AS low, CASE WHEN count(high) = count(*) THEN sum(high) END AS high, min(coverage) AS coverage, string_agg(DISTINCT reasons, ';') AS reasons,
        bool_or(is_year) AS is_year, bool_or(has_all) AS has_all
    FROM parts
    GROUP BY subject_key, fiscal_year, basis, node, source_type
),
met AS (
    SELECT
        coalesce(s.subject_key, t.subject_key) AS subject_key, coalesce(s.fiscal_year, t.fiscal_year) AS fiscal_year, coalesce(s.basis, t.basis) AS basis,
        coalesce(s.node, t.node) AS node, coalesce(s.facility_id, t.facility_id) AS facility_id,
        coalesce(s.department_node, t.department_node) AS department_node, coalesce(s.operator_node, t.operator_node) AS operator_node,
        coalesce(s.source_type, t.source_type) AS source_type, coalesce(s.low, 0) AS k_low,
        CASE WHEN s.is_year OR CAST($level AS INTEGER) > 1 OR t.is_whole IS NULL THEN s.high END AS k_high, s.coverage AS k_coverage, s.reasons AS k_reasons,
        t.low AS t_low, t.high AS t_high, t.reasons AS t_reasons, t.is_whole, coalesce(s.is_year, false) AS is_year, s.subject_key IS NULL AS is_new, coalesce(s.has_all, false) AS has_all,
        CAST($level AS INTEGER) = 1 AS of_facility
    FROM summed AS s
    FULL JOIN spoken AS t
        ON t.subject_key = s.subject_key AND t.fiscal_year = s.fiscal_year AND t.basis = s.basis AND t.node = s.node AND t.source_type = s.source_type
),
types AS (
    SELECT * EXCLUDE (k_low, k_high, k_coverage, k_reasons, t_low, t_high, t_reasons, is_whole, of_facility),
        told_low(k_low, k_high, t_low, t_high, is_whole) AS low, told_high(k_low, k_high, t_low, t_high, is_whole, of_facility) AS high,
        told_reasons(k_low, k_high, k_reasons, t_low, t_high, t_reasons, is_whole, of_facility) AS reasons,
        CASE WHEN k_high IS NOT NULL OR is_whole IS NULL THEN k_coverage END AS coverage,
        coalesce(is_whole AND are_apart(k_low, k_high, t_low, t_high), false) AS is_apart
    FROM met
    WHERE source_type <> 'all'
),
of_types AS (
    SELECT subject_key, fiscal_year, basis, node, any_value(facility_id) AS facility_id, any_value(department_node) AS department_node,
        any_value(operator_node) AS operator_node, sum(low) AS low, CASE WHEN count(high) = count(*) THEN sum(high) END AS high,
        string_agg(DISTINCT reasons, ';') AS reasons, min(coverage) AS coverage, bool_or(is_year) AS is_year, bool_or(is_new) AS has_new, bool_or(is_apart) AS has_apart
    FROM types
    GROUP BY subject_key, fiscal_year, basis, node
),
known_whole AS (
    SELECT
        coalesce(b.subject_key, a.subject_key) AS subject_key, coalesce(b.fiscal_year, a.fiscal_year) AS fiscal_year, coalesce(b.basis, a.basis) AS basis,
        coalesce(b.node, a.node) AS node, coalesce(b.facility_id, a.facility_id) AS facility_id,
        coalesce(b.department_node, a.department_node) AS department_node, coalesce(b.operator_node, a.operator_node) AS operator_node,
        coalesce(b.low, 0) AS b_low, b.high AS b_high, b.reasons AS b_reasons, coalesce(a.k_low, 0) AS a_low,
        CASE WHEN NOT coalesce(b.has_new, false) THEN a.k_high END AS a_high, a.k_reasons AS a_reasons,
        coalesce(a.has_all AND NOT b.has_apart, false) AS is_known_twice, coalesce(a.has_all, false) OR a.is_whole IS NOT NULL AS has_all,
        coalesce(b.coverage, a.k_coverage) AS k_coverage, a.t_low, a.t_high, a.t_reasons, a.is_whole, coalesce(b.is_year, a.is_year, false) AS is_year,
        b.subject_key IS NULL AS has_no_type
    FROM of_types AS b
    FULL JOIN (SELECT * FROM met WHERE source_type = 'all') AS a
        ON a.subject_key = b.subject_key AND a.fiscal_year = b.fiscal_year AND a.basis = b.basis AND a.node = b.node
),
whole AS (
    SELECT *, CASE WHEN is_known_twice THEN met_low(b_low, b_high, a_low, a_high) ELSE b_low END AS k_low,
        CASE WHEN is_known_twice THEN met_high(b_low, b_high, a_low, a_high) ELSE b_high END AS k_high,
        CASE WHEN is_known_twice THEN met_reasons(b_low, b_high, b_reasons, a_low, a_high, a_reasons) ELSE b_reasons END AS k_reasons, CAST($level AS INTEGER) = 1 AS of_facility
    FROM known_whole
)
SELECT subject_key, fiscal_year, basis, facility_id, department_node, operator_node, source_type, low, high, coverage, reasons, is_year, false AS has_all
FROM types
UNION ALL BY NAME
SELECT subject_key, fiscal_year, basis, facility_id, department_node, operator_node, 'all' AS source_type,
    told_low(k_low, k_high, t_low, t_high, is_whole) AS low, told_high(k_low, k_high, t_low, t_high, is_whole, of_facility) AS high,
    told_reasons(k_low, k_high, k_reasons, t_low, t_high, t_reasons, is_whole, of_facility) AS reasons,
    CASE WHEN k_high IS NOT NULL OR is_whole IS NULL THEN k_coverage END AS coverage, is_year, has_all
FROM whole
UNION ALL BY NAME
SELECT subject_key, fiscal_year, basis, facility_id, department_node, operator_node, 'rest' AS source_type, 0 AS low, is_year, false AS has_all
FROM whole
WHERE has_no_type AND is_whole IS NOT NULL
