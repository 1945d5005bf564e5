-- held_at_night: the values of a file on trial that the night would hold back for what they are, each with its rule.
-- Rules that ask whose a value is, or what came before, are not asked here.
-- Input: parsed_values. Parameter: today.
SELECT
    source_member, source_line, source_column, key, started_at, ended_at, quantity, unit,
    value_rule(record, quantity, moisture_percent, ended_at, $today) AS rule_id,
    CASE WHEN is_future(ended_at, $today)
        THEN coalesce(key, '') || ' ' || strftime(started_at, '%Y-%m-%d %H:%M') || ' - ' || strftime(ended_at, '%Y-%m-%d %H:%M')
        ELSE rtrim(rtrim(CAST(quantity AS VARCHAR), '0'), '.') || ' ' || coalesce(unit, '') END AS raw
FROM parsed_values
WHERE value_rule(record, quantity, moisture_percent, ended_at, $today) IS NOT NULL
ORDER BY source_line, source_column
