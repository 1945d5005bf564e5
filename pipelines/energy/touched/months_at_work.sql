-- months_at_work: the touched months and those whose days may be filled from theirs. Inputs: touched_months, months_of_doubts.
SELECT DISTINCT meter_id, CAST(unnest(months_of(month - similar_days(), last_day(month) + similar_days())) AS DATE) AS month
FROM (FROM touched_months UNION FROM months_of_doubts)
