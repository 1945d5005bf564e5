-- delivered: the deliveries of a meter in the fiscal year, what was carried in and out of it, and what is counted; whole meter, before shares.
-- In the first year that is known of the tank nobody knows what it held before (is_from_unknown). Reads delivery_years.
SELECT unit, delivered_quantity, carried_in_quantity, carried_out_quantity, booked_quantity,
    carried_in_quantity = 0 AND fiscal_year = (SELECT min(fiscal_year) FROM delivery_years WHERE meter_id = $source) AS is_from_unknown
FROM delivery_years
WHERE meter_id = $source AND fiscal_year = $year
ORDER BY unit
