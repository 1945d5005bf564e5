-- flag_quantities: one row per flag about a meter: the quantity of its year, to which an override binds.
-- Inputs: flags, energy_by_meter_day.
SELECT f.flag_id, sum(e.quantity) AS seen_quantity
FROM flags AS f
JOIN energy_by_meter_day AS e
    ON e.meter_id = f.subject AND fiscal_year_of(e.local_date) = f.fiscal_year AND e.facility_share >= 0
WHERE f.rule_id IN ('unit_slip', 'zero_days')
GROUP BY f.flag_id
