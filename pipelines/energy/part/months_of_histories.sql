-- months_of_histories: the touched months, also of the meters that measured the same supply point. Inputs: touched_months, histories.
SELECT DISTINCT f.meter_id, t.month
FROM touched_months AS t
JOIN histories AS h ON h.meter_id = t.meter_id
JOIN histories AS f ON f.history = h.history
