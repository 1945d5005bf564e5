-- bill_years: one row per meter, basis and fiscal year that the city's rules count by twelve bills, with the rule's id, and what the
-- bills whose last day lies in that year reach: their first and last day and their days.
-- Of several rules that fit, the one that names most of basis, operator and energy type decides, then the later one.
-- is_whole: the bills follow each other without hole or overlap over 350 days and more, the first begins within 35 days of 1 April and
-- the last ends within 35 days of 31 March: then the year is covered, and the days after its last bill belong to the next year's first one.
-- Inputs: meter_segments, method_rules, current_readings, meters.
WITH ruled AS (
    SELECT s.meter_id, b.basis, fiscal_year_of(s.valid_from) AS fiscal_year, m.rule_id
    FROM meter_segments AS s
    CROSS JOIN (SELECT unnest(['plan', 'shk_basic', 'shk_adjusted']) AS basis) AS b
    JOIN method_rules AS m
        ON m.rule = 'year_rule' AND coalesce(m.basis, b.basis) = b.basis
        AND coalesce(m.operator_id, s.operator_id) = s.operator_id AND coalesce(m.energy_type, s.energy_type) = s.energy_type
        AND make_date(fiscal_year_of(s.valid_from), 4, 1) >= coalesce(m.valid_from, DATE '0001-01-01')
        AND make_date(fiscal_year_of(s.valid_from), 4, 1) < coalesce(m.valid_to, DATE '9999-12-31')
    WHERE NOT s.is_extended
    QUALIFY row_number() OVER (
        PARTITION BY s.meter_id, b.basis, fiscal_year_of(s.valid_from)
        ORDER BY s.valid_from, (m.basis IS NOT NULL)::INTEGER + (m.operator_id IS NOT NULL)::INTEGER + (m.energy_type IS NOT NULL)::INTEGER DESC,
            m.valid_from DESC NULLS LAST, m.rule_id) = 1 AND m.value = 'twelve_bills'
),
bills AS (
    SELECT DISTINCT r.meter_id, CAST(r.started_at AS DATE) AS first_date, CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM current_readings AS r
    JOIN meters AS m
        ON m.meter_id = r.meter_id AND m.reading_kind = r.reading_kind AND m.reading_kind <> 'interval'
        AND r.started_at >= coalesce(m.valid_from, DATE '0001-01-01') AND r.started_at < coalesce(m.valid_to, DATE '9999-12-31')
    WHERE r.meter_id IN (SELECT meter_id FROM ruled)
),
placed AS (
    SELECT *, fiscal_year_of(last_date) AS fiscal_year,
        lag(last_date) OVER (PARTITION BY meter_id, fiscal_year_of(last_date) ORDER BY first_date, last_date) AS before
    FROM bills
),
chains AS (
    SELECT meter_id, fiscal_year, min(first_date) AS first_date, max(last_date) AS last_date, max(last_date) - min(first_date) + 1 AS bill_days,
        bool_and(before IS NULL OR first_date - before IN (0, 1)) AND abs(min(first_date) - make_date(fiscal_year, 4, 1)) <= 35
            AND make_date(fiscal_year + 1, 4, 1) - max(last_date) <= 36 AND max(last_date) - min(first_date) + 1 >= 350 AS is_whole
    FROM placed
    GROUP BY meter_id, fiscal_year
)
SELECT r.meter_id, r.basis, r.fiscal_year, r.rule_id, c.first_date, c.last_date, c.bill_days, coalesce(c.is_whole, false) AS is_whole
FROM ruled AS r
LEFT JOIN chains AS c ON c.meter_id = r.meter_id AND c.fiscal_year = r.fiscal_year
