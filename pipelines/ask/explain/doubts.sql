-- doubts: what is doubtful in the facility's year, or was until an answer was accepted. Inputs: doubts, meter_allocations.
SELECT d.doubt_id, d.source_id, d.rule_id, d.doubt_state, d.days, d.lifted_days, d.periods, d.quantity, d.low_quantity, d.high_quantity,
    d.unit, d.limit_cell, d.lifted_by_ja, d.lifted_by_en
FROM doubts AS d
WHERE d.fiscal_year = $year AND (d.facility_id = $facility OR d.source_id IN (
    SELECT meter_id FROM meter_allocations WHERE facility_id = $facility AND facility_share <> 0))
ORDER BY d.doubt_state DESC, d.source_id, d.rule_id
