-- site_doubts: one row per doubt that stands, of the years from one on: its bounds and what lifts it. Parameter: fiscal_year.
-- Reads doubts.
SELECT facility_id, source_id, rule_id, fiscal_year, days, periods, quantity, low_quantity, high_quantity, unit, lifted_by_ja
FROM doubts
WHERE doubt_state = 'standing' AND fiscal_year >= CAST($fiscal_year AS INTEGER)
ORDER BY facility_id, fiscal_year, source_id, rule_id
