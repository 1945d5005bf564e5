-- earlier_start: where no target tells the first day on which data is expected, the first reading does: new ones before it.
-- Inputs: checked, targets, last.internal.meter_days.
SELECT 1 AS found
WHERE NOT EXISTS (SELECT 1 FROM targets)
    AND (SELECT min(CAST(started_at AS DATE)) FROM checked WHERE rule_id IS NULL)
        < coalesce((SELECT min(local_date) FROM last.internal.meter_days), DATE '9999-12-31')
