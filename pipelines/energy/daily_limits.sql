-- daily_limits: one row per meter and period in which the registers say how much can be used in a day at most: daily_limit of
-- meters.csv, else for electricity contracted power times 24 hours, else rated_flow of meters.csv times 24 hours. Never from
-- readings, which could be taken away. A delivery that counts on its day is what filled the tank, not what was used that day: at most
-- tank_capacity, and what was used while it was filled (daily_limit), and none where the register does not say what the tank holds.
-- Inputs: meters, contracts.
WITH versions AS (
    SELECT meter_id, energy_type, reading_kind = 'delivery' AND coalesce(delivery_rule, 'on_day') = 'on_day' AS is_filled,
        CASE WHEN is_filled THEN tank_capacity + coalesce(daily_limit, 0) ELSE daily_limit END AS daily_limit,
        CASE WHEN NOT is_filled THEN rated_flow END AS rated_flow, coalesce(valid_from, DATE '0001-01-01') AS since,
        coalesce(valid_to, DATE '9999-12-31') AS until
    FROM meters
),
contracted AS (
    SELECT v.meter_id, greatest(v.since, coalesce(c.valid_from, v.since)) AS since, least(v.until, coalesce(c.valid_to, v.until)) AS until,
        CAST(c.contract_kw * 24 AS DECIMAL(18, 6)) AS daily_limit
    FROM versions AS v
    JOIN contracts AS c
        ON c.meter_id = v.meter_id AND coalesce(c.valid_from, v.since) < v.until AND coalesce(c.valid_to, v.until) > v.since
    WHERE v.daily_limit IS NULL AND v.energy_type = 'electricity' AND c.contract_kw IS NOT NULL
)
SELECT meter_id, since, until, CAST(daily_limit AS DECIMAL(18, 6)) AS daily_limit
FROM versions
WHERE daily_limit IS NOT NULL
UNION ALL FROM contracted
UNION ALL
SELECT meter_id, since, until, CAST(rated_flow * 24 AS DECIMAL(18, 6))
FROM versions AS v
WHERE daily_limit IS NULL AND rated_flow IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM contracted AS c WHERE c.meter_id = v.meter_id AND c.since < v.until AND c.until > v.since)
