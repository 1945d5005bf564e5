-- reconciliations: one row per bill of a meter that also has intervals for every moment of the bill's whole days: both sums.
-- Only one of the two kinds is counted (meters.csv says which on each day); the other one speaks for or against it.
-- Inputs: counted_readings, meter_days. Parameter: bill_tolerance.
WITH bills AS (
    SELECT meter_id, started_at, ended_at, unit, first_date, last_date, sum(quantity) AS bill_quantity
    FROM counted_readings
    WHERE reading_kind = 'bill' AND started_at = CAST(first_date AS TIMESTAMP) AND ended_at = CAST(last_date + 1 AS TIMESTAMP)
    GROUP BY ALL
),
compared AS (
    SELECT
        b.meter_id, b.started_at, b.ended_at, b.unit, b.bill_quantity, sum(d.quantity) AS interval_quantity,
        sum(d.covered_seconds) AS covered_seconds, b.last_date - b.first_date + 1 AS days
    FROM bills AS b
    JOIN meter_days AS d
        ON d.meter_id = b.meter_id AND d.reading_kind = 'interval' AND d.unit = b.unit
        AND d.local_date BETWEEN b.first_date AND b.last_date
    GROUP BY ALL
)
SELECT
    meter_id, started_at, ended_at, unit, CAST(bill_quantity AS DECIMAL(18, 6)) AS bill_quantity,
    CAST(interval_quantity AS DECIMAL(18, 6)) AS interval_quantity,
    CAST(interval_quantity - bill_quantity AS DECIMAL(18, 6)) AS difference,
    abs(interval_quantity - bill_quantity) <= bill_quantity * CAST($bill_tolerance AS DECIMAL(9, 6)) AS is_within_tolerance
FROM compared
WHERE covered_seconds >= days * 86400
