-- doubt_days: one row per meter or activity source, day and rule that doubts it, lifted ones included, with what counts that day.
-- Inputs: energy_by_meter_day, activity_days, quality_rules.
WITH metered AS (
    SELECT 'meter' AS source_kind, meter_id AS source_id, local_date, any_value(unit) AS unit, sum(quantity) AS quantity, sum(low_quantity) AS low_quantity,
        CASE WHEN count(high_quantity) = count(*) THEN sum(high_quantity) END AS high_quantity, min(doubts) AS doubts, min(overridden) AS overridden
    FROM energy_by_meter_day
    WHERE facility_share >= 0 AND is_energy(energy_type) AND (doubts IS NOT NULL OR overridden IS NOT NULL)
    GROUP BY meter_id, local_date
),
every AS (
    FROM metered
    UNION ALL BY NAME
    SELECT 'activity' AS source_kind, activity_source_id AS source_id, local_date, unit, quantity, low_quantity, high_quantity, doubts, overridden
    FROM activity_days
    WHERE doubts IS NOT NULL OR overridden IS NOT NULL
),
ruled AS (
    SELECT *, unnest(string_split(doubts, ';')) AS rule_id, false AS is_lifted FROM every WHERE doubts IS NOT NULL
    UNION ALL BY NAME
    SELECT *, unnest(string_split(overridden, ';')) AS rule_id, true AS is_lifted FROM every WHERE overridden IS NOT NULL
)
SELECT r.source_kind, r.source_id, r.local_date, fiscal_year_of(r.local_date) AS fiscal_year, r.rule_id, r.is_lifted, r.unit,
    CAST(r.quantity AS DECIMAL(38, 6)) AS quantity, CAST(r.low_quantity AS DECIMAL(38, 6)) AS low_quantity,
    CAST(r.high_quantity AS DECIMAL(38, 6)) AS high_quantity
FROM ruled AS r
JOIN quality_rules AS q ON q.rule_id = r.rule_id AND q.effect = 'doubts'
