-- yearly_total_doubts: a yearly total is held against other years by its size only, in the plan's CO2e: the same subject's total of another
-- year, or the sum of its sources in a year that they cover (nine days of ten). Trusted where one of them lies within the ratio on both
-- sides. yearly_total_size: each is so many times smaller or larger, as after a slip of digits or units (x 10, x 1,000);
-- yearly_total_unchecked: there is none. A zero that a document states is taken at its word. An accepted answer lifts it for the figure it saw.
-- Inputs: total_amounts, facility_homes, facility_spans, emissions_by_source_month, overrides. Parameter: ratio.
WITH totals AS (
    SELECT subject_kind, subject_id, operator_id, source_type, fiscal_year, sum(co2e_kg) FILTER (gas <> 'NF3') AS co2e_kg
    FROM total_amounts WHERE basis = 'plan' GROUP BY ALL
),
sources AS (
    SELECT m.facility_id, m.valid_from, m.source_kind, m.source_id, m.source_type, m.fiscal_year,
        coalesce(sum(m.co2e_kg) FILTER (m.gas <> 'NF3'), 0) AS co2e_kg, max(m.covered_days) AS covered_days, max(m.expected_days) AS expected_days
    FROM (SELECT facility_id, valid_from, source_kind, source_id, source_type, fiscal_year, gas, sum(co2e_kg) AS co2e_kg,
            sum(covered_days) AS covered_days, sum(expected_days) AS expected_days
        FROM emissions_by_source_month WHERE basis = 'plan' AND is_in_force GROUP BY ALL) AS m
    GROUP BY ALL
),
placed AS (
    SELECT c.*, s.operator_id, s.department
    FROM sources AS c
    JOIN facility_spans AS s ON s.facility_id = c.facility_id AND s.valid_from = c.valid_from
),
subjects AS (
    SELECT t.subject_kind, t.subject_id, t.operator_id, t.source_type, t.fiscal_year, p.fiscal_year AS other_year, sum(p.co2e_kg) AS co2e_kg,
        sum(p.covered_days) * 10 >= sum(p.expected_days) * 9 AND max(p.expected_days) >= 350 AS is_covered
    FROM totals AS t
    JOIN placed AS p
        ON p.fiscal_year <> t.fiscal_year AND (t.source_type = 'all' OR p.source_type = t.source_type)
        AND CASE t.subject_kind WHEN 'facility' THEN p.facility_id = t.subject_id
            WHEN 'department' THEN p.department = t.subject_id AND p.operator_id = coalesce(t.operator_id, p.operator_id)
            ELSE p.operator_id = t.subject_id END
    GROUP BY ALL
),
fellows AS (
    SELECT subject_kind, subject_id, operator_id, source_type, fiscal_year, co2e_kg AS other_kg FROM subjects WHERE is_covered AND co2e_kg > 0
    UNION ALL
    SELECT t.subject_kind, t.subject_id, t.operator_id, t.source_type, t.fiscal_year, o.co2e_kg
    FROM totals AS t
    JOIN totals AS o
        ON o.subject_kind = t.subject_kind AND o.subject_id = t.subject_id AND o.operator_id IS NOT DISTINCT FROM t.operator_id
        AND o.source_type = t.source_type AND o.fiscal_year <> t.fiscal_year AND o.co2e_kg > 0
),
compared AS (
    SELECT t.subject_kind, t.subject_id, t.operator_id, t.source_type, t.fiscal_year, t.co2e_kg, min(f.other_kg) AS least_kg, max(f.other_kg) AS most_kg,
        coalesce(bool_or(t.co2e_kg < f.other_kg * CAST($ratio AS DECIMAL(9, 3)) AND f.other_kg < t.co2e_kg * CAST($ratio AS DECIMAL(9, 3))), false) AS is_trusted
    FROM totals AS t
    LEFT JOIN fellows AS f
        ON f.subject_kind = t.subject_kind AND f.subject_id = t.subject_id AND f.operator_id IS NOT DISTINCT FROM t.operator_id
        AND f.source_type = t.source_type AND f.fiscal_year = t.fiscal_year
    WHERE t.co2e_kg > 0
    GROUP BY t.subject_kind, t.subject_id, t.operator_id, t.source_type, t.fiscal_year, t.co2e_kg
),
ruled AS (
    SELECT DISTINCT a.yearly_total_id, a.fiscal_year, a.quantity, CASE WHEN c.least_kg IS NULL THEN 'yearly_total_unchecked' ELSE 'yearly_total_size' END AS rule_id,
        CASE WHEN c.co2e_kg >= c.most_kg THEN true WHEN c.co2e_kg <= c.least_kg THEN false END AS is_too_large,
        to_json({co2e_kg: round(CAST(c.co2e_kg AS DOUBLE), 1), least_kg: round(CAST(c.least_kg AS DOUBLE), 1), most_kg: round(CAST(c.most_kg AS DOUBLE), 1),
            ratio: CASE WHEN c.most_kg IS NOT NULL THEN round(CAST(c.co2e_kg AS DOUBLE) / CASE WHEN c.co2e_kg >= c.most_kg THEN c.most_kg ELSE c.least_kg END, 4) END}) AS evidence
    FROM total_amounts AS a
    JOIN compared AS c
        ON c.subject_kind = a.subject_kind AND c.subject_id = a.subject_id AND c.operator_id IS NOT DISTINCT FROM a.operator_id
        AND c.source_type = a.source_type AND c.fiscal_year = a.fiscal_year
    WHERE NOT c.is_trusted
)
SELECT r.yearly_total_id, r.rule_id, r.is_too_large, r.evidence, EXISTS (
    SELECT 1 FROM overrides AS o
    WHERE o.source_kind = 'yearly_total' AND o.source_id = r.yearly_total_id AND o.rule_id = r.rule_id
        AND o.since = make_date(r.fiscal_year, 4, 1) AND o.seen_quantity IS NOT DISTINCT FROM r.quantity) AS is_lifted
FROM ruled AS r
