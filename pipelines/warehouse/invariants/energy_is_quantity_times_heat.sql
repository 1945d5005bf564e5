-- energy_is_quantity_times_heat: GJ = quantity x the heat content named beside it (in force on those days), but for the rounding of
-- each day, with the sign of its share; kL = GJ x 0.0258 exactly. Of the facility-years that the run made anew. A gas counted through a density is left to
-- the tests. No energy only where no heat content is chosen. Inputs: energy_choices, energy_by_meter_day, heat_contents, checked_years, emissions_by_facility_month, emissions_by_facility_fiscal_year.
WITH sums AS (
    SELECT facility_id, fiscal_year_of(local_date) AS fiscal_year, heat_content_id, unit, sum(quantity) AS quantity, sum(energy_gj) AS energy_gj,
        sum(crude_oil_kl) AS crude_oil_kl, count(*) AS days, count(*) FILTER (sign(quantity) * sign(facility_share) < 0) AS turned, min(local_date) AS first_day, max(local_date) AS last_day
    FROM energy_by_meter_day
    WHERE facility_share <> 0 AND energy_gj IS NOT NULL
    GROUP BY ALL
),
heated AS (
    SELECT s.*, h.valid_from, h.valid_to, CAST(h.value AS DOUBLE) * CASE
        WHEN s.unit = 'GJ' AND h.unit = 'GJ_primary/GJ' THEN 1
        WHEN (s.unit, h.unit) IN (('L', 'GJ_primary/kL'), ('kg', 'GJ_primary/t'), ('kWh', 'GJ_primary/thousand_kWh'),
            ('m3', 'GJ_primary/thousand_m3')) THEN 0.001 END AS gj_of_one
    FROM sums AS s
    LEFT JOIN heat_contents AS h ON h.heat_content_id = s.heat_content_id
)
SELECT h.facility_id, h.fiscal_year, h.energy_gj, h.quantity * h.gj_of_one AS recomputed
FROM heated AS h
SEMI JOIN checked_years AS c ON c.facility_id = h.facility_id AND c.fiscal_year = h.fiscal_year
WHERE abs(CAST(h.energy_gj AS DOUBLE) - CAST(h.quantity AS DOUBLE) * h.gj_of_one) > 0.000000001 * h.days + abs(CAST(h.energy_gj AS DOUBLE)) * 1e-9
    OR h.turned > 0 OR h.first_day < h.valid_from OR h.last_day >= h.valid_to OR h.crude_oil_kl IS DISTINCT FROM h.energy_gj * 0.0258
UNION ALL
SELECT facility_id, fiscal_year_of(month), energy_gj, crude_oil_kl FROM emissions_by_facility_month
WHERE crude_oil_kl IS DISTINCT FROM energy_gj * 0.0258
UNION ALL
SELECT facility_id, fiscal_year, energy_gj, crude_oil_kl FROM emissions_by_facility_fiscal_year
WHERE crude_oil_kl IS DISTINCT FROM energy_gj * 0.0258
UNION ALL
SELECT e.facility_id, fiscal_year_of(e.local_date), NULL, NULL
FROM energy_by_meter_day AS e
SEMI JOIN energy_choices AS c
    ON c.meter_id = e.meter_id AND c.unit = e.unit AND c.time_band = e.time_band AND e.local_date >= c.valid_from AND e.local_date < c.valid_to
    AND c.multiplier14 IS NOT NULL
WHERE e.quantity IS NOT NULL AND e.energy_gj IS NULL AND e.facility_share <> 0
