-- register_turns: uses of a register that may hide a whole turn: one row per meter and period between two states.
-- A register that turned round once more shows the same two states, so their difference is final only where the most that can
-- be used in that time (daily_limits) is less than one turn. Digits: meters.csv, else as many as the two states show, which a
-- register surely has; what is stated as used since the reading before is no difference of states. Taking a state away lengthens the
-- time and never makes a use final.
-- Inputs: counted_readings, register_uses, register_states, counted_units, daily_limits, meters.
WITH digits AS (
    SELECT meter_id, min(register_digits) AS register_digits FROM meters GROUP BY meter_id
),
scales AS (
    SELECT DISTINCT unit, energy_type, scale FROM counted_units WHERE rule_id IS NULL
),
turns AS (
    SELECT
        u.meter_id, u.started_at, c.first_date AS since, c.last_date + 1 AS until, c.unit,
        CAST(10 AS DOUBLE) ** coalesce(d.register_digits, length(CAST(floor(greatest(u.opened_value, u.closed_value)) AS VARCHAR)))
            * s.scale * coalesce(m.multiplier, 1) AS turn
    FROM register_uses AS u
    JOIN counted_readings AS c ON c.meter_id = u.meter_id AND c.started_at = u.started_at AND c.reading_kind = 'register'
    JOIN meters AS m
        ON m.meter_id = u.meter_id AND u.started_at >= coalesce(m.valid_from, DATE '0001-01-01')
        AND u.started_at < coalesce(m.valid_to, DATE '9999-12-31')
    JOIN scales AS s ON s.unit = u.unit AND s.energy_type = m.energy_type
    LEFT JOIN digits AS d ON d.meter_id = u.meter_id
    ANTI JOIN register_states AS r
        ON r.meter_id = u.meter_id AND r.read_at = u.ended_at AND r.known_to IS NULL AND r.event IN ('since_reading', 'since_reading_whole')
),
days AS (
    SELECT *, CAST(unnest(generate_series(CAST(since AS TIMESTAMP), CAST(until - 1 AS TIMESTAMP), INTERVAL 1 DAY)) AS DATE) AS local_date
    FROM turns
),
limited AS (
    SELECT d.meter_id, d.since, d.until, d.unit, d.turn, d.local_date, max(l.daily_limit) AS daily_limit
    FROM days AS d
    LEFT JOIN daily_limits AS l ON l.meter_id = d.meter_id AND d.local_date >= l.since AND d.local_date < l.until
    GROUP BY ALL
)
SELECT meter_id, since AS valid_from, until AS valid_to, 'register_turn_unchecked' AS rule_id,
    to_json({turn: turn, possible: CASE WHEN bool_and(daily_limit IS NOT NULL) THEN CAST(sum(daily_limit) AS DOUBLE) END, unit: unit}) AS evidence
FROM limited
GROUP BY meter_id, since, until, unit, turn
HAVING NOT coalesce(bool_and(daily_limit IS NOT NULL) AND sum(daily_limit) < turn, false)
