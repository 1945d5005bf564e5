-- bills_apart: the bills that differ from the intervals of their days by more than the tolerance: one row per meter and bill, with what
-- counts (meters.csv says which of the two) and what the other says. The true use lies between them.
-- Inputs: reconciliations, meter_versions.
SELECT
    r.meter_id, CAST(r.started_at AS DATE) AS valid_from, CAST(r.ended_at AS DATE) AS valid_to, 'bill_differs' AS rule_id,
    to_json({bill: CAST(r.bill_quantity AS DOUBLE), intervals: CAST(r.interval_quantity AS DOUBLE), unit: r.unit}) AS evidence,
    CASE WHEN v.reading_kind = 'interval' THEN r.interval_quantity ELSE r.bill_quantity END AS counted_quantity,
    CASE WHEN v.reading_kind = 'interval' THEN r.bill_quantity ELSE r.interval_quantity END AS other_quantity
FROM reconciliations AS r
JOIN meter_versions AS v
    ON v.meter_id = r.meter_id AND CAST(r.started_at AS DATE) >= v.since AND CAST(r.started_at AS DATE) < v.until
WHERE NOT r.is_within_tolerance
