-- site_energy_years: one row per operator, site, fiscal year, energy type and unit: what was used of it at the site, road fuel apart and
-- what goes to tenants taken off, with plain heat values (no weight of non-fossil fuels). one_coefficient_kl is the same quantity with the
-- heat content of the latest year, so that a series crosses no change of a coefficient. missing_days are meter-days without a value.
-- Inputs: energy_by_meter_day, act_parts, energy_choices, heat_contents.
WITH oil AS (
    SELECT CAST(value AS DECIMAL(9, 4)) AS kl_per_gj FROM heat_contents WHERE key = 'crude_oil_equivalent'
),
latest AS (
    SELECT meter_id, time_band, unit, arg_max(multiplier14, valid_to) AS multiplier14
    FROM energy_choices
    WHERE multiplier14 IS NOT NULL
    GROUP BY meter_id, time_band, unit
),
by_meter AS (
    SELECT
        p.operator_id, p.site_id, fiscal_year_of(e.local_date) AS fiscal_year, e.energy_type, e.unit, e.meter_id, e.time_band,
        h.class IS NOT DISTINCT FROM 'non_fossil' AND e.energy_type NOT IN ('electricity', 'solar_self_use') AS is_non_fossil_fuel,
        sum(abs(e.quantity) * p.direction) AS quantity,
        sum(p.direction * CASE WHEN e.facility_share <> 0 THEN abs(e.energy_gj)
            ELSE CAST(half_even9(abs(e.quantity), c.multiplier14) AS DECIMAL(28, 9)) END) AS energy_gj,
        count(*) FILTER (e.expected AND e.state = 'missing') AS missing_days
    FROM energy_by_meter_day AS e
    JOIN act_parts AS p
        ON p.meter_id = e.meter_id AND p.facility_id = e.facility_id AND p.facility_share = e.facility_share
        AND e.local_date >= p.since AND e.local_date < p.until
    LEFT JOIN heat_contents AS h ON h.heat_content_id = e.heat_content_id
    LEFT JOIN energy_choices AS c
        ON e.facility_share = 0 AND c.meter_id = e.meter_id AND c.time_band = e.time_band AND c.unit = e.unit
        AND e.local_date >= c.valid_from AND e.local_date < c.valid_to
    GROUP BY ALL
)
SELECT
    b.operator_id, b.site_id, b.fiscal_year, b.energy_type, coalesce(b.unit, '-') AS unit, b.is_non_fossil_fuel,
    CAST(coalesce(sum(b.quantity), 0) AS DECIMAL(38, 6)) AS site_quantity, CAST(coalesce(sum(b.energy_gj), 0) AS DECIMAL(38, 9)) AS energy_gj,
    CAST(coalesce(sum(b.energy_gj), 0) * any_value(o.kl_per_gj) AS DECIMAL(38, 13)) AS crude_oil_kl,
    CAST(coalesce(sum(CAST(b.quantity * k.multiplier14 AS DECIMAL(38, 9))), 0) * any_value(o.kl_per_gj) AS DECIMAL(38, 13)) AS one_coefficient_kl,
    CAST(sum(b.missing_days) AS BIGINT) AS missing_days
FROM by_meter AS b
CROSS JOIN oil AS o
LEFT JOIN latest AS k ON k.meter_id = b.meter_id AND k.time_band = b.time_band AND k.unit = b.unit
GROUP BY b.operator_id, b.site_id, b.fiscal_year, b.energy_type, coalesce(b.unit, '-'), b.is_non_fossil_fuel
