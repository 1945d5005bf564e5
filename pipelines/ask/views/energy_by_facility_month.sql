-- energy_by_facility_month: one row per facility, month, energy type and unit: what was used, and how many days of meters are
-- missing or doubtful. A month of which nothing is known has no unit. Reads energy_by_meter_day, facilities.
SELECT
    e.facility_id, f.name AS facility_name, CAST(date_trunc('month', e.local_date) AS DATE) AS month, e.energy_type, e.unit,
    CAST(sum(e.facility_quantity) AS DECIMAL(38, 6)) AS quantity, CAST(sum(e.energy_gj) AS DECIMAL(38, 9)) AS energy_gj,
    CAST(sum(e.crude_oil_kl) AS DECIMAL(38, 13)) AS crude_oil_kl, count(*) FILTER (e.state = 'missing') AS days_missing,
    count(*) FILTER (e.state = 'doubtful') AS days_doubtful
FROM energy_by_meter_day AS e
JOIN facilities AS f ON f.facility_id = e.facility_id
WHERE e.facility_share <> 0
GROUP BY ALL
