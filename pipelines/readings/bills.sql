-- bills: one row per bill in use with what it cost, the contracted power and the peak demand it states: for the budget.
-- Input: readings.
SELECT
    meter_id, started_at, ended_at, quantity, unit, amount_yen, contract_kw, demand_kw, stage, issued_on, source_sha256,
    source_member, source_line, source_column
FROM readings
WHERE known_to IS NULL AND reading_kind IN ('bill', 'delivery')
    AND (amount_yen IS NOT NULL OR contract_kw IS NOT NULL OR demand_kw IS NOT NULL)
