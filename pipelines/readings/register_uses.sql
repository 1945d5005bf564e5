-- register_uses: what a cumulative register counted between two successive states, or why nobody can tell.
-- Opening and reset begin anew; closing ends. A register that went back has rolled over when meters.csv says how many digits it
-- has and it then counted less than half of its range; else it went back for a reason nobody stated, and nothing is counted.
-- A multiplier (CT ratio) that changed between the two leaves the use unknown: a state at the change is needed.
-- Inputs: register_states, meters (register_digits).
WITH digits AS (
    SELECT meter_id, CAST(max(register_digits) AS INTEGER) AS register_digits FROM meters GROUP BY meter_id
),
chained AS (
    SELECT
        s.*, d.register_digits, lag(event) OVER chain AS opened_event, lag(read_at) OVER chain AS started_at,
        lag(register_value) OVER chain AS opened_value, lag(multiplier) OVER chain AS opened_multiplier,
        lag(unit) OVER chain AS opened_unit, lag(stage) OVER chain AS opened_stage, lag(quality) OVER chain AS opened_quality,
        lag(known_from) OVER chain AS opened_known_from
    FROM register_states AS s
    LEFT JOIN digits AS d ON d.meter_id = s.meter_id
    WHERE s.known_to IS NULL
    WINDOW chain AS (PARTITION BY s.meter_id ORDER BY read_at, CASE WHEN event IN ('opening', 'reset') THEN 2 ELSE 1 END)
),
counted AS (
    SELECT
        *, CAST(10 AS HUGEINT) ** register_digits - opened_value + register_value AS over_the_end,
        CASE
            WHEN event IN ('opening', 'reset') OR opened_event = 'closing' THEN 'register_exchanged'
            WHEN unit <> opened_unit THEN 'register_unit_changed'
            WHEN multiplier <> opened_multiplier THEN 'register_ratio'
            WHEN register_value >= opened_value THEN NULL
            WHEN register_digits IS NULL OR (CAST(10 AS HUGEINT) ** register_digits - opened_value + register_value) * 2
                > CAST(10 AS HUGEINT) ** register_digits OR opened_value >= CAST(10 AS HUGEINT) ** register_digits
                THEN 'register_went_back'
        END AS rule_id
    FROM chained
    WHERE started_at IS NOT NULL AND NOT (event IN ('opening', 'reset') AND opened_event = 'closing' AND read_at = started_at)
)
SELECT
    meter_id, started_at, read_at AS ended_at, opened_value, register_value AS closed_value, unit,
    rule_id IS NULL AND register_value < opened_value AS is_rollover,
    CASE WHEN rule_id IS NULL AND register_value >= opened_value THEN CAST(register_value - opened_value AS DECIMAL(18, 6))
        WHEN rule_id IS NULL THEN CAST(over_the_end AS DECIMAL(18, 6)) END AS quantity,
    rule_id,
    CASE WHEN 'supplier_estimated' IN (quality, opened_quality) THEN 'supplier_estimated' ELSE quality END AS quality,
    CASE WHEN 'provisional' IN (stage, opened_stage) THEN 'provisional' ELSE stage END AS stage, issued_on,
    source_sha256, source_member, source_line, source_column, greatest(known_from, opened_known_from) AS known_from
FROM counted
WHERE read_at > started_at
