-- first_reading_days: the earliest state of a meter that says what was used since a reading nobody has sent: where that use begins is not
-- known, so it is counted nowhere. Input: register_states.
SELECT
    meter_id, CAST(min(read_at) AS VARCHAR) AS ended, CAST(arg_min(register_value, read_at) AS VARCHAR) AS closed,
    arg_min(unit, read_at) AS unit
FROM register_states
WHERE known_to IS NULL
GROUP BY meter_id
HAVING arg_min(event, read_at) IN ('since_reading', 'since_reading_whole')
ORDER BY meter_id
