-- results_are_sums: where no yearly total speaks of the year (see yearly_totals_stand), the actual and the own baseline of a result are the sums of its subject's months: a facility's own; all of the
-- city; an operator's or a department's by the registers. A year in which values of a main meter or a source go on after its validity, or
-- lie before it, has no upper bound, nor has one in which nothing speaks of a type that an earlier yearly total of the facility counts.
-- Inputs: facility_results, target_results, targets, emissions_by_source_month, facilities,
-- facility_periods, held_back_rows, meters, activity_sources, types_left_out.
WITH validity AS (
    SELECT 'meter' AS source_kind, meter_id AS source_id, facility_id, coalesce(valid_from, DATE '0001-01-01') AS valid_from, valid_to, role FROM meters
    UNION ALL BY NAME SELECT 'activity' AS source_kind, activity_source_id AS source_id, facility_id, coalesce(valid_from, DATE '0001-01-01') AS valid_from, valid_to FROM activity_sources
),
goes_on AS (
    SELECT v.facility_id, v.source_kind, greatest(CAST(h.started_at AS DATE), make_date(y.fiscal_year, 4, 1)) AS held_date, y.fiscal_year
    FROM held_back_rows AS h
    JOIN validity AS v ON v.source_kind = h.source_kind AND v.source_id = h.source_id AND coalesce(v.role, 'main') = 'main'
    JOIN (SELECT DISTINCT fiscal_year FROM facility_results) AS y
        ON h.started_at < make_date(y.fiscal_year + 1, 4, 1) AND h.ended_at > make_date(y.fiscal_year, 4, 1)
    WHERE h.rule_id = 'outside_validity' AND NOT h.is_discarded
    WINDOW held AS (PARTITION BY h.source_kind, h.source_id, h.source_sha256, h.source_line, h.source_column)
    QUALIFY bool_and(v.valid_to <= h.started_at) OVER held AND v.valid_to = max(v.valid_to) OVER (PARTITION BY v.source_kind, v.source_id)
        OR bool_and(v.valid_from >= h.ended_at) OVER held AND v.valid_from = min(v.valid_from) OVER (PARTITION BY v.source_kind, v.source_id)
),
counted AS (
    SELECT facility_id, valid_from, fiscal_year, basis, low_co2e_kg, high_co2e_kg, open_days, gas
    FROM emissions_by_source_month
    WHERE is_in_force
    UNION ALL
    SELECT g.facility_id, g.held_date, g.fiscal_year, b.basis, 0, 0, 1, ''
    FROM goes_on AS g
    JOIN (SELECT DISTINCT source_kind, basis FROM emissions_by_source_month) AS b ON b.source_kind = g.source_kind
    UNION ALL
    SELECT DISTINCT facility_id, make_date(fiscal_year + 1, 3, 31), fiscal_year, basis, 0, 0, 1, '' FROM types_left_out
),
placed AS (
    SELECT m.facility_id, m.fiscal_year, m.basis, coalesce(p.operator_id, f.operator_id) AS operator_id,
        coalesce(p.department, f.department) AS department, sum(m.low_co2e_kg) FILTER (m.gas <> 'NF3') AS low,
        sum(m.high_co2e_kg) FILTER (m.gas <> 'NF3') AS high, coalesce(sum(m.open_days) FILTER (m.gas <> 'NF3'), 0) AS open_days
    FROM counted AS m
    JOIN facilities AS f ON f.facility_id = m.facility_id
    LEFT JOIN facility_periods AS p
        ON p.facility_id = m.facility_id AND m.valid_from >= coalesce(p.valid_from, DATE '0001-01-01')
        AND m.valid_from < coalesce(p.valid_to, DATE '9999-12-31')
    GROUP BY ALL
),
subjects AS (
    SELECT 'facility' AS subject_kind, facility_id AS subject_id, * FROM placed
    UNION ALL BY NAME SELECT 'city' AS subject_kind, 'city' AS subject_id, * FROM placed
    UNION ALL BY NAME SELECT 'operator' AS subject_kind, operator_id AS subject_id, * FROM placed
    UNION ALL BY NAME SELECT 'department' AS subject_kind, department AS subject_id, * FROM placed
),
years AS (
    SELECT subject_kind, subject_id, fiscal_year, basis, sum(low) AS low, CASE WHEN sum(open_days) = 0 THEN sum(high) END AS high
    FROM subjects
    GROUP BY ALL
),
results AS (
    SELECT r.facility_id, NULL AS target_id, 'facility' AS subject_kind, r.facility_id AS subject_id, r.fiscal_year, r.basis, t.base_fy,
        CASE WHEN t.subject_kind = 'facility' THEN t.base_co2e_t END AS base_co2e_t, r.actual_low_co2e_kg, r.actual_high_co2e_kg,
        r.baseline_low_co2e_kg, r.baseline_high_co2e_kg, r.reasons
    FROM facility_results AS r LEFT JOIN targets AS t ON t.target_id = r.target_id
    UNION ALL BY NAME
    SELECT r.target_id, r.subject_kind, CASE r.subject_kind WHEN 'city' THEN 'city' ELSE r.subject_id END AS subject_id, r.fiscal_year, r.basis,
        t.base_fy, t.base_co2e_t, r.actual_low_co2e_kg, r.actual_high_co2e_kg, r.baseline_low_co2e_kg, r.baseline_high_co2e_kg, r.reasons
    FROM target_results AS r JOIN targets AS t ON t.target_id = r.target_id
    WHERE r.subject_kind <> 'group'
)
SELECT r.facility_id, r.target_id, r.fiscal_year
FROM results AS r
LEFT JOIN years AS a ON a.subject_kind = r.subject_kind AND a.subject_id = r.subject_id AND a.fiscal_year = r.fiscal_year AND a.basis = r.basis
LEFT JOIN years AS b ON b.subject_kind = r.subject_kind AND b.subject_id = r.subject_id AND b.fiscal_year = r.base_fy AND b.basis = r.basis
WHERE NOT coalesce(regexp_matches(r.reasons, '(^|;)(yearly_total|by_department)'), false)
        AND (r.actual_low_co2e_kg IS DISTINCT FROM a.low OR r.actual_high_co2e_kg IS DISTINCT FROM a.high)
    OR r.base_co2e_t IS NULL AND NOT coalesce(regexp_matches(r.reasons, '(^|;)(baseline:yearly_total|base_year_by_department)'), false) AND (r.baseline_low_co2e_kg IS DISTINCT FROM b.low OR r.baseline_high_co2e_kg IS DISTINCT FROM b.high)
