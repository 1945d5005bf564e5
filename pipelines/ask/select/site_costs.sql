-- site_costs: one row per facility and fiscal year in which bills or deliveries in use of its main meters end: how many there are, how many of
-- them state an amount, and the sum of these. Bills of a meter that several facilities share stand in no row: nobody says who paid.
-- Reads current_readings, meters, meter_shares.
SELECT m.facility_id, fiscal_year_of(CAST(r.ended_at - INTERVAL 1 SECOND AS DATE)) AS fiscal_year,
    count(*) AS bills, count(r.amount_yen) AS bills_with_amount, sum(r.amount_yen) AS amount_yen
FROM current_readings AS r
JOIN meters AS m
    ON m.meter_id = r.meter_id AND r.ended_at > coalesce(m.valid_from, DATE '0001-01-01') AND r.ended_at <= coalesce(m.valid_to, DATE '9999-12-31')
WHERE r.reading_kind IN ('bill', 'delivery') AND m.role = 'main' AND m.meter_id NOT IN (SELECT meter_id FROM meter_shares)
GROUP BY ALL
HAVING count(r.amount_yen) > 0
ORDER BY m.facility_id, fiscal_year
