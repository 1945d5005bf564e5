-- after_today: one row: how many values end after the day of the run, and the last day of them.
-- Reads quarantine.
SELECT count(*) AS values_held, max(CAST(ended_at AS DATE)) AS newest FROM quarantine WHERE rule_id = 'in_the_future'
