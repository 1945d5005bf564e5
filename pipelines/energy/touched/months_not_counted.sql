-- months_not_counted: a month around those at work that was not counted with the touched ones, and in which a day may count.
-- Inputs: months_around, touched_months, meter_months. Parameters: first_day, today.
FROM months_around ANTI JOIN touched_months USING (meter_id, month)
WHERE (month < CAST($today AS DATE) AND last_day(month) >= CAST($first_day AS DATE)) OR (meter_id, month) IN (SELECT (meter_id, month) FROM meter_months)
LIMIT 1
