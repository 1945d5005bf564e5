-- months_around: the months at work and those whose days may fill theirs. Input: months_at_work.
SELECT DISTINCT meter_id, CAST(unnest(months_of(month - similar_days(), last_day(month) + similar_days())) AS DATE) AS month FROM months_at_work
