-- yearly_total_quantities: one row per yearly total: its quantity as counted, the bounds of its rounding, and its primary energy
-- (施行規則第4条), rounded half-even to nine places. Emissions stated by the document are counted in tCO2e and have no energy.
-- Inputs: counted_totals, total_energy_choices.
SELECT t.yearly_total_id, t.fiscal_year, t.subject_kind, t.subject_id, t.operator_id, t.source_type, t.quantity, t.low_quantity,
    t.high_quantity, t.unit, CAST(half_even9(t.quantity, c.multiplier14) AS DECIMAL(18, 9)) AS energy_gj, t.rounding, t.rounding_rule,
    t.document, t.page, t.source_member, t.source_line
FROM counted_totals AS t
LEFT JOIN total_energy_choices AS c ON c.meter_id = t.yearly_total_id AND c.unit = t.unit AND c.time_band = 'all'
