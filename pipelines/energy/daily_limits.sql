-- daily_limits: one row per meter and period in which it is known how much can be used in a day at most: daily_limit of
-- meters.csv, else for electricity contracted power times 24 hours.
-- Inputs: meters, contracts.
WITH versions AS (
    SELECT meter_id, energy_type, daily_limit, coalesce(valid_from, DATE '0001-01-01') AS since,
        coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters
)
SELECT meter_id, since, until, CAST(daily_limit AS DECIMAL(18, 6)) AS daily_limit
FROM versions
WHERE daily_limit IS NOT NULL
UNION ALL
SELECT v.meter_id, greatest(v.since, coalesce(c.valid_from, v.since)), least(v.until, coalesce(c.valid_to, v.until)),
    CAST(c.contract_kw * 24 AS DECIMAL(18, 6))
FROM versions AS v
JOIN contracts AS c
    ON c.meter_id = v.meter_id AND coalesce(c.valid_from, v.since) < v.until AND coalesce(c.valid_to, v.until) > v.since
WHERE v.daily_limit IS NULL AND v.energy_type = 'electricity' AND c.contract_kw IS NOT NULL
