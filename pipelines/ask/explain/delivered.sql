-- delivered: the deliveries of a meter in the fiscal year, what was carried in and out of it, and what is counted; whole meter, before shares.
-- Reads delivery_years.
SELECT unit, delivered_quantity, carried_in_quantity, carried_out_quantity, booked_quantity
FROM delivery_years
WHERE meter_id = $source AND fiscal_year = $year
ORDER BY unit
