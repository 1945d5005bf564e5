-- doubts: one row per meter, activity source or yearly total, rule and fiscal year: the periods it doubts, what counts there, within which bounds, the
-- register cell that would give an upper one where none is known, and what lifts it. facility_id: where most of it counts.
-- That of a yearly total is about its whole year; a department's or operator's is asked at the first of its facilities.
-- Inputs: doubt_days, meter_doubts, activity_doubts, meter_allocations, activity_sources, yearly_total_doubts, yearly_total_quantities,
-- facility_homes, quality_rules.
WITH runs AS (
    SELECT *, local_date - CAST(row_number() OVER (PARTITION BY source_kind, source_id, rule_id, fiscal_year ORDER BY local_date) AS INTEGER) AS run
    FROM doubt_days
),
periods AS (
    SELECT source_kind, source_id, rule_id, fiscal_year, min(local_date) AS since, max(local_date) + 1 AS until, sum(quantity) AS quantity,
        count(*) AS days, count(*) FILTER (is_lifted) AS lifted_days, sum(low_quantity) AS low_quantity,
        CASE WHEN count(high_quantity) = count(*) THEN sum(high_quantity) END AS high_quantity, any_value(unit) AS unit
    FROM runs
    GROUP BY source_kind, source_id, rule_id, fiscal_year, run
),
folded AS (
    SELECT source_kind, source_id, rule_id, fiscal_year, CAST(sum(days) AS BIGINT) AS days, CAST(sum(lifted_days) AS BIGINT) AS lifted_days,
        string_agg(strftime(since, '%Y-%m-%d') || '..' || strftime(CAST(until - 1 AS DATE), '%Y-%m-%d'), ', ' ORDER BY since) AS periods,
        sum(quantity) AS quantity, sum(low_quantity) AS low_quantity,
        CASE WHEN count(high_quantity) = count(*) THEN sum(high_quantity) END AS high_quantity, any_value(unit) AS unit,
        CAST(to_json(list({since: strftime(since, '%Y-%m-%d'), until: strftime(until, '%Y-%m-%d'), quantity: CAST(quantity AS VARCHAR)} ORDER BY since)) AS VARCHAR) AS periods_json
    FROM periods
    GROUP BY source_kind, source_id, rule_id, fiscal_year
),
told AS (
    SELECT 'meter' AS source_kind, meter_id AS source_id, rule_id, valid_from, valid_to, evidence FROM meter_doubts
    UNION ALL
    SELECT 'activity', activity_source_id, rule_id, valid_from, valid_to, evidence FROM activity_doubts
),
evidences AS (
    SELECT f.source_kind, f.source_id, f.rule_id, f.fiscal_year, arg_min(t.evidence, (t.valid_from, t.evidence)) AS evidence
    FROM folded AS f
    JOIN told AS t
        ON t.source_kind = f.source_kind AND t.source_id = f.source_id AND t.rule_id = f.rule_id
        AND t.valid_from < make_date(f.fiscal_year + 1, 4, 1) AND t.valid_to > make_date(f.fiscal_year, 4, 1)
    GROUP BY ALL
),
homes AS (
    SELECT 'meter' AS source_kind, meter_id AS source_id, arg_max(facility_id, (facility_share, valid_from)) AS facility_id,
        any_value(energy_type) AS energy_type, bool_or(reading_kind = 'delivery') AS is_delivered
    FROM meter_allocations WHERE facility_id <> 'outside' AND facility_share >= 0 GROUP BY meter_id
    UNION ALL
    SELECT 'activity', activity_source_id, arg_max(facility_id, coalesce(valid_from, DATE '0001-01-01')), NULL, false FROM activity_sources GROUP BY activity_source_id
),
of_totals AS (
    SELECT 'yearly_total' AS source_kind, d.yearly_total_id AS source_id, d.rule_id, q.fiscal_year,
        make_date(q.fiscal_year + 1, 4, 1) - make_date(q.fiscal_year, 4, 1) AS days, CASE WHEN d.is_lifted THEN days ELSE 0 END AS lifted_days,
        q.fiscal_year || '-04-01..' || (q.fiscal_year + 1) || '-03-31' AS periods, q.quantity, q.unit, d.evidence,
        CASE WHEN coalesce(d.is_too_large, true) THEN 0 ELSE q.low_quantity END AS low_quantity, CASE WHEN d.is_too_large THEN q.high_quantity END AS high_quantity,
        CAST(to_json([{since: q.fiscal_year || '-04-01', until: (q.fiscal_year + 1) || '-04-01', quantity: CAST(q.quantity AS VARCHAR)}]) AS VARCHAR) AS periods_json,
        (SELECT min(h.facility_id) FROM facility_homes AS h
            WHERE h.fiscal_year = q.fiscal_year AND CASE q.subject_kind WHEN 'facility' THEN h.facility_id = q.subject_id
                WHEN 'department' THEN h.department = q.subject_id AND h.operator_id = coalesce(q.operator_id, h.operator_id)
                ELSE h.operator_id = q.subject_id END) AS facility_id
    FROM yearly_total_doubts AS d
    JOIN yearly_total_quantities AS q ON q.yearly_total_id = d.yearly_total_id
)
SELECT
    left(sha256(concat_ws(chr(31), 'doubt', f.source_kind, f.source_id, f.rule_id, CAST(f.fiscal_year AS VARCHAR))), 12) AS doubt_id,
    f.source_kind, f.source_id, h.facility_id, f.rule_id, f.fiscal_year, CASE WHEN f.lifted_days = f.days THEN 'lifted' ELSE 'standing' END AS doubt_state,
    f.days, f.lifted_days, f.periods, f.quantity, f.low_quantity, f.high_quantity, f.unit,
    CASE WHEN f.high_quantity IS NOT NULL OR f.lifted_days = f.days THEN NULL WHEN f.source_kind = 'activity' THEN 'activity_sources.csv daily_limit'
        WHEN h.is_delivered THEN 'meters.csv tank_capacity / daily_limit' WHEN h.energy_type = 'electricity' THEN 'meters.csv daily_limit / contracts.csv contract_kw' ELSE 'meters.csv daily_limit / rated_flow' END AS limit_cell,
    q.lifted_by_ja, q.lifted_by_en, coalesce(e.evidence, '{}') AS evidence, f.periods_json
FROM folded AS f
JOIN quality_rules AS q ON q.rule_id = f.rule_id
LEFT JOIN evidences AS e ON e.source_kind = f.source_kind AND e.source_id = f.source_id AND e.rule_id = f.rule_id AND e.fiscal_year = f.fiscal_year
LEFT JOIN homes AS h ON h.source_kind = f.source_kind AND h.source_id = f.source_id
UNION ALL
SELECT
    left(sha256(concat_ws(chr(31), 'doubt', t.source_kind, t.source_id, t.rule_id, CAST(t.fiscal_year AS VARCHAR))), 12), t.source_kind, t.source_id,
    t.facility_id, t.rule_id, t.fiscal_year, CASE WHEN t.lifted_days = t.days THEN 'lifted' ELSE 'standing' END, t.days, t.lifted_days, t.periods,
    t.quantity, t.low_quantity, t.high_quantity, t.unit, NULL, q.lifted_by_ja, q.lifted_by_en, t.evidence, t.periods_json
FROM of_totals AS t
JOIN quality_rules AS q ON q.rule_id = t.rule_id
