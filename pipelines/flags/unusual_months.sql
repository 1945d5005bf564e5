-- unusual_months: meters with months in which a day's mean lies more than `unusual_ratio` below the lowest or above the highest of the same
-- season (the month and those beside it) in all other years, two at least; in every fiscal year that is judged and the base
-- years of targets. It informs: what is further away than unit and digits allow is doubted (unit_slip),
-- and asked about there. Inputs: meter_months, meter_doubts, meter_allocations, facility_results, targets. Parameter: unusual_ratio.
WITH months AS (
    SELECT meter_id, month, year(month) * 12 + month(month) AS month_no, unit,
        CAST(sum(quantity) AS DOUBLE) / bit_count(bit_or(day_bits)) AS mean,
        bit_count(bit_or(covered_bits)) = day(last_day(month)) AS is_full
    FROM meter_months
    WHERE reading_kind <> 'delivery'
    GROUP BY meter_id, month, unit
),
looked_at AS (
    SELECT * FROM months
    WHERE is_full AND fiscal_year_of(month) IN (SELECT fiscal_year FROM facility_results UNION SELECT base_fy FROM targets)
),
seasons AS (
    SELECT m.meter_id, m.month, m.unit, (o.month_no - m.month_no + 12001) // 12 AS shift, min(o.mean) AS lowest, max(o.mean) AS highest
    FROM looked_at AS m
    JOIN months AS o
        ON o.meter_id = m.meter_id AND o.unit = m.unit AND o.is_full AND (o.month_no - m.month_no + 12001) % 12 IN (0, 1, 2)
        AND abs(o.month_no - m.month_no) > 1
    GROUP BY m.meter_id, m.month, m.unit, shift
    HAVING count(*) = 3
),
ranges AS (
    SELECT meter_id, month, unit, min(lowest) AS lowest, max(highest) AS highest FROM seasons GROUP BY ALL HAVING count(*) >= 2
),
apart AS (
    SELECT m.meter_id, m.month, m.mean, m.unit, r.lowest, r.highest
    FROM looked_at AS m
    JOIN ranges AS r ON r.meter_id = m.meter_id AND r.month = m.month AND r.unit = m.unit
    WHERE m.mean > 0 AND r.highest > 0
        AND (m.mean < r.lowest / CAST($unusual_ratio AS DOUBLE) OR m.mean > r.highest * CAST($unusual_ratio AS DOUBLE))
        AND NOT EXISTS (SELECT 1 FROM meter_doubts AS d
            WHERE d.meter_id = m.meter_id AND d.rule_id IN ('unit_slip', 'zero_day', 'bill_differs')
                AND d.valid_from < m.month + INTERVAL 1 MONTH AND d.valid_to > m.month)
),
homes AS (
    SELECT DISTINCT meter_id, facility_id, valid_from, valid_to FROM meter_allocations WHERE facility_share <> 0 AND facility_id <> 'outside'
)
SELECT h.facility_id, CAST(fiscal_year_of(a.month) AS INTEGER) AS fiscal_year, a.meter_id AS subject, NULL AS co2e_at_stake_kg,
    to_json({months: string_agg(DISTINCT strftime(a.month, '%Y-%m'), ', ' ORDER BY strftime(a.month, '%Y-%m')),
        mean: round(arg_min(a.mean, a.month), 3), lowest: round(arg_min(a.lowest, a.month), 3), highest: round(arg_min(a.highest, a.month), 3),
        apart: round(max(greatest(a.lowest - a.mean, a.mean - a.highest)), 3), is_below: bool_or(a.mean < a.lowest), is_above: bool_or(a.mean > a.highest),
        unit: any_value(a.unit)}) AS evidence
FROM apart AS a
JOIN homes AS h ON h.meter_id = a.meter_id AND a.month < h.valid_to AND a.month + INTERVAL 1 MONTH > h.valid_from
GROUP BY h.facility_id, fiscal_year_of(a.month), a.meter_id
