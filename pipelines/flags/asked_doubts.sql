-- asked_doubts: the flags that ask about doubts: one row per rule, facility and fiscal year; of a zero with too little to compare with, one
-- per meter, of yearly totals one for each, and of missing history one for all years, since the years that are missing are the same. A doubt of a
-- shared meter is asked at every facility it counts at. At stake: what is booked on these days, of a slip against what would be usual, and where
-- nothing is booked, as of a zero, the most that the source emitted in the same months of any year. Deliveries that are not closed are asked about by delivery_not_closed; a total that differs once
-- for all tanks of its row, at the first facility; what a tank held before its first delivery only where it keeps the facility from a verdict.
-- Inputs: doubts, doubt_days, meter_allocations, emission_days, emissions_by_source_month, facility_results.
WITH places AS (
    SELECT DISTINCT d.doubt_id, a.facility_id
    FROM doubts AS d
    JOIN meter_allocations AS a
        ON a.meter_id = d.source_id AND a.facility_share <> 0 AND a.facility_id <> 'outside'
        AND a.valid_from < make_date(d.fiscal_year + 1, 4, 1) AND a.valid_to > make_date(d.fiscal_year, 4, 1)
    WHERE d.source_kind = 'meter'
    UNION
    SELECT doubt_id, facility_id FROM doubts WHERE source_kind <> 'meter'
),
booked AS (
    SELECT t.source_kind, t.source_id, t.rule_id, t.fiscal_year, e.facility_id, sum(e.co2e_kg) AS co2e_kg
    FROM doubt_days AS t
    JOIN emission_days AS e ON e.source_kind = t.source_kind AND e.source_id = t.source_id AND e.local_date = t.local_date
    WHERE e.basis = 'plan' AND e.facility_share > 0
    GROUP BY ALL
),
most AS (
    SELECT source_kind, source_id, facility_id, calendar_month, max(co2e_kg) AS co2e_kg
    FROM (
        SELECT source_kind, source_id, facility_id, month(month) AS calendar_month, month, sum(CAST(co2e_kg AS DOUBLE)) AS co2e_kg
        FROM emissions_by_source_month WHERE basis = 'plan' AND year_rule = 'by_day' GROUP BY ALL)
    GROUP BY ALL
),
usual AS (
    SELECT t.source_kind, t.source_id, t.rule_id, t.fiscal_year, m.facility_id, sum(m.co2e_kg / day(last_day(t.local_date))) AS co2e_kg
    FROM doubt_days AS t
    JOIN most AS m ON m.source_kind = t.source_kind AND m.source_id = t.source_id AND m.calendar_month = month(t.local_date)
    GROUP BY ALL
),
placed AS (
    SELECT d.*, CASE WHEN d.rule_id = 'deliveries_differ' THEN min(p.facility_id) OVER (PARTITION BY d.rule_id, json_extract_string(d.evidence, '$.closing_row'))
            ELSE p.facility_id END AS place,
        CASE WHEN d.rule_id = 'zero_unchecked' OR d.source_kind = 'yearly_total' THEN d.source_id
            WHEN d.rule_id = 'deliveries_differ' THEN json_extract_string(d.evidence, '$.closing_row') END AS subject,
        CAST(CASE WHEN d.rule_id LIKE 'unit_slip%'
            THEN abs(CAST(b.co2e_kg AS DOUBLE) * (1 / nullif(CAST(json_extract(d.evidence, '$.ratio') AS DOUBLE), 0) - 1))
            ELSE coalesce(nullif(CAST(b.co2e_kg AS DOUBLE), 0), u.co2e_kg, CAST(b.co2e_kg AS DOUBLE)) END AS DECIMAL(18, 1)) AS stake
    FROM doubts AS d
    JOIN places AS p ON p.doubt_id = d.doubt_id
    LEFT JOIN booked AS b
        ON b.source_kind = d.source_kind AND b.source_id = d.source_id AND b.rule_id = d.rule_id AND b.fiscal_year = d.fiscal_year
        AND b.facility_id = p.facility_id
    LEFT JOIN usual AS u
        ON u.source_kind = d.source_kind AND u.source_id = d.source_id AND u.rule_id = d.rule_id AND u.fiscal_year = d.fiscal_year
        AND u.facility_id = p.facility_id
    WHERE d.rule_id <> 'delivery_not_closed' AND (d.rule_id <> 'stock_unknown' OR EXISTS (SELECT 1 FROM facility_results AS r
        WHERE r.facility_id = p.facility_id AND r.year_state <> 'running' AND r.verdict = 'undeterminable' AND contains(r.reasons, 'stock_unknown')))
),
asked AS (
    SELECT place AS facility_id, rule_id, CASE WHEN subject IS NULL AND rule_id <> 'unit_slip_unchecked' THEN fiscal_year END AS one_year, max(fiscal_year) AS fiscal_year, subject,
        sum(stake) AS co2e_at_stake_kg, arg_min(evidence, (fiscal_year, source_id)) AS first_evidence,
        to_json({sources: string_agg(DISTINCT source_id, ', ' ORDER BY source_id), days: CAST(sum(days) AS BIGINT), since: min(left(periods, 10)),
            periods: left(string_agg(periods, ', ' ORDER BY fiscal_year, source_id), 400), bills: CAST(count(*) AS INTEGER),
            limit_cell: coalesce(string_agg(DISTINCT limit_cell, ', ' ORDER BY limit_cell), '-'), standing_days: CAST(sum(days - lifted_days) AS BIGINT),
            low: CAST(sum(low_quantity) AS DOUBLE), high: CASE WHEN count(high_quantity) = count(*) THEN CAST(sum(high_quantity) AS DOUBLE) END}) AS folded,
        list(DISTINCT doubt_id ORDER BY doubt_id) AS doubt_ids
    FROM placed
    GROUP BY place, rule_id, one_year, subject
)
SELECT facility_id, CASE rule_id WHEN 'zero_day' THEN 'zero_days' ELSE rule_id END AS rule_id, CAST(fiscal_year AS INTEGER) AS fiscal_year, subject,
    co2e_at_stake_kg, CAST(json_merge_patch(first_evidence, folded) AS VARCHAR) AS evidence, doubt_ids
FROM asked
