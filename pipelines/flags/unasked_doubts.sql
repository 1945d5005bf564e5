-- unasked_doubts: the doubts about values held back that data_missing of their facility and year asks for: nothing else stands on their days.
-- Input: doubts. Parameter: last_closed.
SELECT doubt_id, facility_id, CAST(fiscal_year AS INTEGER) AS fiscal_year
FROM doubts
WHERE rule_id = 'held_back' AND quantity IS NULL AND fiscal_year >= CAST($last_closed AS INTEGER)
ORDER BY doubt_id
