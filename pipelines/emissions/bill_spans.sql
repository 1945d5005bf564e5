-- bill_spans: one row per meter and days before 1 April that belong to a bill whose last day lies in the new fiscal year:
-- under year_rule twelve_bills they count there, with that year's factors. A reading at midnight belongs to the day that ends.
-- Inputs: current_readings, meters (the kind that counts).
WITH bills AS (
    SELECT r.meter_id, CAST(r.started_at AS DATE) AS first_date, CAST(r.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM current_readings AS r
    JOIN meters AS m
        ON m.meter_id = r.meter_id AND m.reading_kind = r.reading_kind AND m.reading_kind <> 'interval'
        AND r.started_at >= coalesce(m.valid_from, DATE '0001-01-01') AND r.started_at < coalesce(m.valid_to, DATE '9999-12-31')
)
SELECT meter_id, min(first_date) AS valid_from, make_date(fiscal_year_of(last_date), 4, 1) AS valid_to,
    fiscal_year_of(last_date) AS fiscal_year
FROM bills
WHERE fiscal_year_of(first_date) < fiscal_year_of(last_date)
GROUP BY meter_id, fiscal_year_of(last_date)
