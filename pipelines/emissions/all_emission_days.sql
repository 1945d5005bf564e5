-- all_emission_days: every source, facility, day, band, basis and gas, with its emissions or the reason why there are none, under
-- each rule of the year that applies. emissions_kg = quantity x multiplier, rounded half-even to nine places here and nowhere
-- later; co2e_kg = emissions_kg x warming potential, rounded the same way. Energy passed to another facility stands with a
-- negative share.
-- An interpolated or doubtful day carries its bounds in CO2e; none above where a provisional factor of zero would make nothing of them.
-- Inputs: days_to_count, factor_choices, activity_days, activity_choices.
WITH metered AS (
    SELECT
        'meter' AS source_kind, e.meter_id AS source_id, e.root_meter_id, e.facility_id, e.facility_share, e.year_rule,
        e.fiscal_year, e.local_date, e.counted_on, e.time_band, e.unit, e.energy_type AS source_type, c.basis, c.gas, e.quantity,
        e.energy_gj, c.multiplier14, CAST(e.low_quantity * c.multiplier14 AS DECIMAL(28, 9)) AS low_kg,
        CASE WHEN NOT (c.choice = 'provisional' AND c.multiplier14 = 0 AND e.high_quantity <> 0)
            THEN CAST(e.high_quantity * c.multiplier14 AS DECIMAL(28, 9)) END AS high_kg, c.gwp_value, c.factor_id, c.gwp_id, c.choice,
        nullif(concat_ws(';', c.rules, e.year_rule_id), '') AS rules, c.reason, e.state, e.doubts, e.expected
    FROM days_to_count AS e
    JOIN factor_choices AS c
        ON c.meter_id = e.meter_id AND c.unit = e.unit AND e.counted_on >= c.valid_from AND e.counted_on < c.valid_to
    WHERE coalesce(e.only_basis, c.basis) = c.basis
    UNION ALL BY NAME
    SELECT
        'meter' AS source_kind, e.meter_id AS source_id, e.root_meter_id, e.facility_id, e.facility_share, e.year_rule,
        e.fiscal_year, e.local_date, e.counted_on, e.time_band, e.unit, e.energy_type AS source_type, b.basis, 'CO2' AS gas,
        CASE WHEN e.energy_type = 'solar_self_use' THEN 'not_in_basis' END AS reason, e.state, e.doubts, e.expected
    FROM days_to_count AS e
    CROSS JOIN (SELECT unnest(['plan', 'shk_basic', 'shk_adjusted']) AS basis) AS b
    WHERE e.unit IS NULL AND coalesce(e.only_basis, b.basis) = b.basis
),
active AS (
    SELECT
        'activity' AS source_kind, d.activity_source_id AS source_id, d.activity_source_id AS root_meter_id, d.facility_id,
        1 AS facility_share, 'by_day' AS year_rule, fiscal_year_of(d.local_date) AS fiscal_year, d.local_date,
        d.local_date AS counted_on, 'all' AS time_band, d.unit, d.activity AS source_type, 'plan' AS basis, c.gas,
        d.quantity, c.multiplier14, CAST(d.low_quantity * c.multiplier14 AS DECIMAL(28, 9)) AS low_kg,
        CAST(d.high_quantity * c.multiplier14 AS DECIMAL(28, 9)) AS high_kg, c.gwp_value, c.factor_id, c.gwp_id, c.choice, c.reason,
        d.state, d.doubts, d.expected
    FROM activity_days AS d
    JOIN activity_choices AS c
        ON c.activity_source_id = d.activity_source_id AND c.substance IS NOT DISTINCT FROM d.substance AND d.local_date >= c.valid_from AND d.local_date < c.valid_to
),
rounded AS (
    SELECT *, CAST(half_even9(quantity, multiplier14) AS DECIMAL(28, 9)) AS emissions_kg
    FROM (FROM metered UNION ALL BY NAME FROM active)
)
SELECT
    source_kind, source_id, root_meter_id, facility_id, CAST(facility_share AS DECIMAL(9, 6)) AS facility_share, year_rule,
    fiscal_year, local_date, counted_on, time_band, unit, source_type, basis, gas, quantity, energy_gj, emissions_kg,
    CASE WHEN gwp_value = 1 THEN emissions_kg
        ELSE CAST(half_even9(emissions_kg, CAST(gwp_value AS DECIMAL(18, 9))) AS DECIMAL(28, 9)) END AS co2e_kg,
    CAST(low_kg * CAST(gwp_value AS DECIMAL(9, 3)) AS DECIMAL(28, 9)) AS bound_low_kg,
    CAST(high_kg * CAST(gwp_value AS DECIMAL(9, 3)) AS DECIMAL(28, 9)) AS bound_high_kg,
    factor_id, gwp_id, choice, rules, reason, state, doubts, expected
FROM rounded
