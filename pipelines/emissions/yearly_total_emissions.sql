-- yearly_total_emissions: one row per yearly total, basis and gas, with the interval in which it lies: that of the printed figure, times
-- the setting where its factor is provisional. None above where there is no factor, or where a provisional one is zero. A doubted size opens
-- the side it may be wrong on: too large, the lower; too small, the upper; nothing to compare with, both.
-- Inputs: total_amounts, yearly_total_doubts, provisional_bounds (one row, from the settings).
WITH doubted AS (
    SELECT a.*, d.rule_id, d.is_too_large,
        a.reason IS NULL AND a.co2e_kg IS NOT NULL AND NOT (a.choice = 'provisional' AND a.multiplier14 = 0 AND a.quantity <> 0) AS is_bounded,
        CASE WHEN a.choice = 'provisional' THEN b.low ELSE 1 END AS low_share, CASE WHEN a.choice = 'provisional' THEN b.high ELSE 1 END AS high_share
    FROM total_amounts AS a
    CROSS JOIN provisional_bounds AS b
    LEFT JOIN yearly_total_doubts AS d ON d.yearly_total_id = a.yearly_total_id AND NOT d.is_lifted
    WHERE coalesce(a.reason, '') <> 'not_in_basis'
)
SELECT
    yearly_total_id, fiscal_year, subject_kind, subject_id, operator_id, source_type, basis, gas, multiplier14, emissions_kg, co2e_kg,
    CASE WHEN NOT is_bounded OR rule_id IS NOT NULL AND coalesce(is_too_large, true) THEN 0
        ELSE CAST(CAST(low_co2e_kg AS DECIMAL(28, 9)) * CAST(low_share AS DECIMAL(9, 6)) AS DECIMAL(38, 9)) END AS low_co2e_kg,
    CASE WHEN is_bounded AND (rule_id IS NULL OR coalesce(is_too_large, false))
        THEN CAST(CAST(high_co2e_kg AS DECIMAL(28, 9)) * CAST(high_share AS DECIMAL(9, 6)) AS DECIMAL(38, 9)) END AS high_co2e_kg,
    factor_id, gwp_id, choice, reason, candidates,
    concat_ws(';', 'yearly_total', rule_id, reason, CASE WHEN choice = 'provisional' THEN 'provisional_factor' END) AS reasons
FROM doubted
