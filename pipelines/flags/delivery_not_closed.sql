-- delivery_not_closed: the fiscal years that are over and of which nobody has said that all deliveries came: one question per supplier (of
-- the tank's last contract in the year), else per department, else per tank, with the row to write. It stands for the days without a
-- delivery, which are missing, and for the doubts about those with one. At stake: what was booked. A question of several facilities stands at the first.
-- Inputs: energy_by_meter_day, doubts, contracts, facilities, facility_periods, emission_days. Parameter: this_year.
WITH open_days AS (
    SELECT DISTINCT meter_id, facility_id, fiscal_year_of(local_date) AS fiscal_year
    FROM energy_by_meter_day
    WHERE reading_kind = 'delivery' AND expected AND facility_share <> 0 AND facility_id <> 'outside'
        AND (state = 'missing' OR contains(coalesce(doubts, ''), 'delivery_not_closed') OR contains(coalesce(overridden, ''), 'delivery_not_closed'))
),
tanks AS (
    SELECT o.*, make_date(o.fiscal_year + 1, 4, 1) AS until,
        arg_max(coalesce(c.supplier, c.supplier_no), coalesce(c.valid_from, DATE '0001-01-01')) AS supplier
    FROM open_days AS o
    LEFT JOIN contracts AS c
        ON c.meter_id = o.meter_id AND coalesce(c.valid_from, DATE '0001-01-01') < make_date(o.fiscal_year + 1, 4, 1)
        AND coalesce(c.valid_to, DATE '9999-12-31') > make_date(o.fiscal_year, 4, 1)
    WHERE o.fiscal_year < CAST($this_year AS INTEGER)
    GROUP BY ALL
),
placed AS (
    SELECT t.meter_id, t.facility_id, t.fiscal_year, coalesce(t.supplier, p.department, f.department, t.meter_id) AS whose,
        CASE WHEN t.supplier IS NOT NULL THEN 'supplier' WHEN coalesce(p.department, f.department) IS NOT NULL THEN 'department' ELSE 'meter_id' END AS by_column
    FROM tanks AS t
    JOIN facilities AS f ON f.facility_id = t.facility_id
    LEFT JOIN facility_periods AS p
        ON p.facility_id = t.facility_id AND t.until > coalesce(p.valid_from, DATE '0001-01-01') AND t.until <= coalesce(p.valid_to, DATE '9999-12-31')
),
booked AS (
    SELECT source_id, facility_id, fiscal_year_of(local_date) AS fiscal_year, sum(co2e_kg) AS co2e_kg
    FROM emission_days
    WHERE basis = 'plan' AND source_kind = 'meter' AND facility_share > 0 AND source_id IN (SELECT meter_id FROM placed)
    GROUP BY ALL
)
SELECT min(p.facility_id) AS facility_id, p.fiscal_year, p.whose AS subject, CAST(sum(b.co2e_kg) AS DECIMAL(18, 1)) AS co2e_at_stake_kg,
    CAST(to_json({whose: p.whose, by_column: p.by_column, tanks: count(DISTINCT p.meter_id),
        sources: left(string_agg(DISTINCT p.meter_id, ', ' ORDER BY p.meter_id), 200), facilities: list(DISTINCT p.facility_id ORDER BY p.facility_id)}) AS VARCHAR) AS evidence,
    coalesce(list(DISTINCT d.doubt_id ORDER BY d.doubt_id) FILTER (d.doubt_id IS NOT NULL), []) AS doubt_ids
FROM placed AS p
LEFT JOIN booked AS b ON b.source_id = p.meter_id AND b.facility_id = p.facility_id AND b.fiscal_year = p.fiscal_year
LEFT JOIN doubts AS d
    ON d.source_kind = 'meter' AND d.source_id = p.meter_id AND d.fiscal_year = p.fiscal_year AND d.rule_id = 'delivery_not_closed'
GROUP BY p.fiscal_year, p.whose, p.by_column
