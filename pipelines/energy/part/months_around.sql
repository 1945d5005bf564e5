-- months_around: the months at work and those beside them, whose days are looked at to fill them. Input: months_at_work.
SELECT DISTINCT meter_id, CAST(unnest([month - INTERVAL 1 MONTH, month, month + INTERVAL 1 MONTH]) AS DATE) AS month FROM months_at_work
