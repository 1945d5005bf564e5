-- road_years: one row per operator and fiscal year: crude-oil equivalent of road fuel (vehicles, buses, collection), as counted. The
-- transport rules of the Act ask for it by numbers of vehicles; it enters no sum of sites.
-- Inputs: energy_by_meter_day, meter_allocations, facility_spans.
SELECT s.operator_id, fiscal_year_of(e.local_date) AS fiscal_year, CAST(sum(e.crude_oil_kl) AS DECIMAL(38, 13)) AS road_crude_oil_kl
FROM energy_by_meter_day AS e
JOIN meter_allocations AS a
    ON a.meter_id = e.meter_id AND a.facility_id = e.facility_id AND a.facility_share = e.facility_share
    AND e.local_date >= a.valid_from AND e.local_date < a.valid_to
JOIN facility_spans AS s ON s.facility_id = e.facility_id AND e.local_date >= s.valid_from AND e.local_date < s.valid_to
WHERE a.energy_act_scope = 'road_vehicle' AND e.facility_share > 0
GROUP BY s.operator_id, fiscal_year_of(e.local_date)
