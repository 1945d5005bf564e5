-- total_amounts: one row per yearly total, basis and gas: the factor that serves its year, and its emissions; or why there are none.
-- emissions_kg = quantity x multiplier, rounded half-even to nine places; the bounds are those of the printed figure. Emissions that
-- the document states are those of the plan, whatever their gases. Inputs: yearly_total_quantities, total_factor_choices, total_activity_choices.
WITH chosen AS (
    SELECT meter_id AS yearly_total_id, basis, gas, multiplier14, gwp_value, factor_id, gwp_id, choice, reason, candidates
    FROM total_factor_choices
    UNION ALL BY NAME
    SELECT c.activity_source_id AS yearly_total_id, 'plan' AS basis, c.gas, c.multiplier14, c.gwp_value, c.factor_id, c.gwp_id, c.choice,
        c.reason, c.candidates
    FROM total_activity_choices AS c
    JOIN yearly_total_quantities AS t ON t.yearly_total_id = c.activity_source_id AND c.valid_from = make_date(t.fiscal_year, 4, 1)
    UNION ALL BY NAME
    SELECT yearly_total_id, 'plan' AS basis, 'CO2e' AS gas, 1000 AS multiplier14, 1 AS gwp_value, 'stated' AS choice
    FROM yearly_total_quantities
    WHERE unit = 'tCO2e'
)
SELECT
    t.yearly_total_id, t.fiscal_year, t.subject_kind, t.subject_id, t.operator_id, t.source_type, t.quantity, c.basis, c.gas, c.multiplier14,
    CAST(half_even9(t.quantity, c.multiplier14) AS DECIMAL(38, 9)) AS emissions_kg,
    CAST(half_even9(CAST(half_even9(t.quantity, c.multiplier14) AS DECIMAL(28, 9)), CAST(c.gwp_value AS DECIMAL(18, 9))) AS DECIMAL(38, 9)) AS co2e_kg,
    CAST(CAST(t.low_quantity * c.multiplier14 AS DECIMAL(28, 9)) * CAST(c.gwp_value AS DECIMAL(9, 3)) AS DECIMAL(38, 9)) AS low_co2e_kg,
    CAST(CAST(t.high_quantity * c.multiplier14 AS DECIMAL(28, 9)) * CAST(c.gwp_value AS DECIMAL(9, 3)) AS DECIMAL(38, 9)) AS high_co2e_kg,
    c.factor_id, c.gwp_id, c.choice, c.reason, c.candidates
FROM yearly_total_quantities AS t
JOIN chosen AS c ON c.yearly_total_id = t.yearly_total_id
