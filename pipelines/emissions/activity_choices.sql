-- activity_choices: one row per activity source, substance, gas and period: factor, warming potential and multiplier, or why none.
-- Inputs: activity_candidates, activity_multipliers (exact, from pint).
WITH counted AS (
    SELECT
        c.*, m.multiplier14, m.reason AS unit_reason,
        count(*) OVER one AS factors, string_agg(c.factor_id, ' | ') OVER one AS named,
        row_number() OVER (PARTITION BY c.activity_source_id, c.substance, c.gas, c.valid_from ORDER BY c.factor_id) AS place
    FROM activity_candidates AS c
    JOIN activity_multipliers AS m
        ON m.unit = c.unit AND m.factor_id IS NOT DISTINCT FROM c.factor_id AND m.days_in_year = c.days_in_year
    WINDOW one AS (PARTITION BY c.activity_source_id, c.substance, c.gas, c.valid_from)
),
decided AS (
    SELECT *, CASE
        WHEN factor_id IS NULL THEN 'no_factor_row'
        WHEN factors > 1 THEN 'two_factors'
        WHEN unit_reason IS NOT NULL THEN unit_reason
        WHEN gwp_id IS NULL THEN 'no_gwp' END AS reason
    FROM counted
    WHERE place = 1
)
SELECT
    activity_source_id, substance, gas, unit, valid_from, valid_to, factor_id, heat_content_id, gwp_id,
    CASE WHEN reason IS NULL THEN CASE WHEN origin = 'own' THEN 'own' ELSE 'exact' END END AS choice,
    CASE WHEN reason IS NULL THEN multiplier14 END AS multiplier14, gwp_value, reason,
    CASE WHEN reason = 'two_factors' THEN named END AS candidates
FROM decided
