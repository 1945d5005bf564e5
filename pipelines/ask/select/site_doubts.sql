-- site_doubts: one row per facility and doubt that stands, of the years from one on and of the base year shown beside them: its bounds and what lifts
-- it; a doubt about a shared meter at every facility that has a share. Parameter: fiscal_year.
-- Reads doubts, meter_allocations, site_basis_years.
WITH standing AS (
    SELECT * FROM doubts WHERE doubt_state = 'standing'
),
placed AS (
    SELECT facility_id, doubt_id FROM standing WHERE facility_id IS NOT NULL
    UNION
    SELECT a.facility_id, s.doubt_id
    FROM standing AS s
    JOIN meter_allocations AS a ON a.meter_id = s.source_id AND a.facility_share <> 0
)
SELECT p.facility_id, s.source_id, s.rule_id, s.fiscal_year, s.days, s.periods, s.quantity, s.low_quantity, s.high_quantity, s.unit, s.lifted_by_ja
FROM placed AS p
JOIN standing AS s ON s.doubt_id = p.doubt_id
WHERE s.fiscal_year >= CAST($fiscal_year AS INTEGER)
    OR EXISTS (SELECT 1 FROM site_basis_years AS y WHERE y.facility_id = p.facility_id AND y.fiscal_year = s.fiscal_year)
ORDER BY p.facility_id, s.fiscal_year, s.source_id, s.rule_id
