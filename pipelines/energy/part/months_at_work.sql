-- months_at_work: the touched months and those beside them: a day is filled from days within four weeks.
-- Inputs: touched_months, months_of_doubts.
SELECT DISTINCT meter_id, CAST(unnest([month - INTERVAL 1 MONTH, month, month + INTERVAL 1 MONTH]) AS DATE) AS month
FROM (FROM touched_months UNION FROM months_of_doubts)
