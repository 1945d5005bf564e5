-- emissions_are_quantity_times_factor: per source, facility and month, emissions_kg = quantity x the multiplier chosen for these days, but
-- for the rounding of each day; by day. A multiplier is the factor's own value where both count the same unit.
-- Of the facility-years that the run made anew.
-- Inputs: energy_by_meter_day, factor_choices, activity_days, activity_choices, emission_factors, meters, emissions_by_source_month, checked_years.
WITH used AS (
    SELECT meter_id, facility_id, CAST(date_trunc('month', local_date) AS DATE) AS month, unit, sum(quantity) AS quantity, count(*) AS days
    FROM energy_by_meter_day
    WHERE facility_share <> 0 AND facility_id <> 'outside' AND is_energy(energy_type) AND quantity IS NOT NULL
    GROUP BY ALL
),
done AS (
    SELECT activity_source_id, substance, facility_id, CAST(date_trunc('month', local_date) AS DATE) AS month, unit, sum(quantity) AS quantity, count(*) AS days
    FROM activity_days
    WHERE quantity IS NOT NULL
    GROUP BY ALL
),
edges AS (
    SELECT meter_id FROM factor_choices WHERE day(valid_from) <> 1 AND valid_from > DATE '1900-01-01'
),
wanted AS (
    SELECT u.meter_id AS source_id, u.facility_id, u.month, c.basis, c.gas, sum(CAST(u.quantity AS DOUBLE) * c.multiplier14) AS kg, sum(u.days) AS days
    FROM used AS u
    JOIN factor_choices AS c ON c.meter_id = u.meter_id AND c.unit = u.unit AND u.month >= c.valid_from AND u.month < c.valid_to
    WHERE u.meter_id NOT IN (SELECT meter_id FROM edges)
    GROUP BY ALL
    UNION ALL
    SELECT d.activity_source_id, d.facility_id, d.month, 'plan', c.gas, sum(CAST(d.quantity AS DOUBLE) * c.multiplier14), sum(d.days)
    FROM done AS d
    JOIN activity_choices AS c
        ON c.activity_source_id = d.activity_source_id AND c.substance IS NOT DISTINCT FROM d.substance AND d.month >= c.valid_from AND d.month < c.valid_to
    GROUP BY ALL
),
counted AS (
    SELECT source_id, facility_id, month, basis, gas, sum(emissions_kg) AS kg
    FROM emissions_by_source_month
    WHERE year_rule = 'by_day'
    GROUP BY ALL
)
SELECT w.facility_id, fiscal_year_of(w.month) AS fiscal_year, w.source_id, w.kg AS wanted, c.kg AS counted
FROM wanted AS w
SEMI JOIN checked_years AS y ON y.facility_id = w.facility_id AND y.fiscal_year = fiscal_year_of(w.month)
LEFT JOIN counted AS c ON c.source_id = w.source_id AND c.facility_id = w.facility_id AND c.month = w.month AND c.basis = w.basis AND c.gas = w.gas
WHERE NOT coalesce(abs(c.kg - coalesce(w.kg, 0)) <= 0.000000001 * w.days + abs(c.kg) * 1e-9, false)
UNION ALL
SELECT m.facility_id, NULL, c.meter_id, CAST(f.value AS DOUBLE) * 1000, c.multiplier14
FROM factor_choices AS c
JOIN emission_factors AS f ON f.factor_id = c.factor_id
JOIN (SELECT DISTINCT meter_id, facility_id FROM meters) AS m ON m.meter_id = c.meter_id
WHERE (c.unit, f.unit) IN (('kWh', 't-CO2/kWh'), ('GJ', 't-CO2/GJ')) AND c.multiplier14 IS NOT NULL
    AND abs(CAST(f.value AS DOUBLE) * 1000 - c.multiplier14) > 1e-9
