-- register_uses: what a cumulative register counted between two successive states, or why nobody can tell.
-- Opening and reset begin anew; closing ends. A register that went back has rolled over when meters.csv says how many digits it
-- has and it then counted less than half of its range; else it went back for a reason nobody stated, and nothing is counted.
-- One that begins at 0 every day or month by itself (daily, monthly) says what was used since: from the state before where that is of
-- the same day or month, else from its beginning; midnight belongs to the day that ends then.
-- A figure of a reading day alone (since_reading) says what was used since the state before, whichever file has it; a stretch longer than the
-- setting, or than most_days of the meter's usual one, lacks a reading day between, and one shorter than least_days may say a reading once
-- more under another date: nobody knows its use, unless a person states that it is the use of the whole time (since_reading_whole). It is known since both states are.
-- A multiplier (CT ratio) that changed between the two leaves the use unknown: a state at the change is needed.
-- Inputs: register_states, meters (register_digits). Parameter: longest_days.
WITH digits AS (
    SELECT meter_id, CAST(max(register_digits) AS INTEGER) AS register_digits FROM meters GROUP BY meter_id
),
followed AS (
    SELECT
        s.*, event IN ('since_reading', 'since_reading_whole') AS is_since, d.register_digits, date_trunc(CASE event WHEN 'daily' THEN 'day' WHEN 'monthly' THEN 'month' END, read_at - INTERVAL 1 MICROSECOND) AS begins, lag(event) OVER chain AS opened_event, lag(read_at) OVER chain AS started_at,
        lag(register_value) OVER chain AS opened_value, lag(multiplier) OVER chain AS opened_multiplier,
        lag(unit) OVER chain AS opened_unit, lag(stage) OVER chain AS opened_stage, lag(quality) OVER chain AS opened_quality,
        lag(known_from) OVER chain AS opened_known_from
    FROM register_states AS s
    LEFT JOIN digits AS d ON d.meter_id = s.meter_id
    WHERE s.known_to IS NULL
    WINDOW chain AS (PARTITION BY s.meter_id ORDER BY read_at, CASE WHEN event IN ('opening', 'reset') THEN 2 ELSE 1 END)
),
chained AS (
    SELECT * REPLACE (
        CASE WHEN is_begun THEN event ELSE opened_event END AS opened_event, CASE WHEN is_begun THEN begins ELSE started_at END AS started_at,
        CASE WHEN is_begun THEN 0 ELSE opened_value END AS opened_value, CASE WHEN is_begun THEN multiplier ELSE opened_multiplier END AS opened_multiplier,
        CASE WHEN is_begun THEN unit ELSE opened_unit END AS opened_unit, CASE WHEN is_begun THEN stage ELSE opened_stage END AS opened_stage,
        CASE WHEN is_begun THEN quality ELSE opened_quality END AS opened_quality,
        CASE WHEN is_begun AND NOT is_since THEN known_from ELSE opened_known_from END AS opened_known_from)
    FROM (SELECT * REPLACE (CASE WHEN is_since THEN started_at ELSE begins END AS begins),
        is_since AND started_at IS NOT NULL
            OR coalesce(begins IS NOT NULL AND NOT coalesce(started_at > begins AND opened_event = event, false), false) AS is_begun
        FROM followed)
),
usual AS (
    SELECT meter_id, median(date_diff('day', started_at, read_at)) AS days FROM chained WHERE is_since AND read_at > started_at GROUP BY meter_id
),
counted AS (
    SELECT
        chained.*, CAST(10 AS HUGEINT) ** register_digits - opened_value + register_value AS over_the_end,
        CASE
            WHEN event = 'since_reading' AND date_diff('day', started_at, read_at) > least($longest_days, most_days(usual.days)) THEN 'reading_days_apart'
            WHEN event = 'since_reading' AND date_diff('day', started_at, read_at) < least_days(usual.days) THEN 'reading_days_close'
            WHEN event IN ('opening', 'reset') OR opened_event = 'closing' THEN 'register_exchanged'
            WHEN unit <> opened_unit THEN 'register_unit_changed'
            WHEN multiplier <> opened_multiplier THEN 'register_ratio'
            WHEN register_value >= opened_value THEN NULL
            WHEN register_digits IS NULL OR (CAST(10 AS HUGEINT) ** register_digits - opened_value + register_value) * 2
                > CAST(10 AS HUGEINT) ** register_digits OR opened_value >= CAST(10 AS HUGEINT) ** register_digits
                THEN 'register_went_back'
        END AS rule_id
    FROM chained
    LEFT JOIN usual ON usual.meter_id = chained.meter_id
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
