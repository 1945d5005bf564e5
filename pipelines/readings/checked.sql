-- checked: every incoming value with its unit understood, and the first rule it breaks (empty: it may be used).
-- A value is never rounded: where the counted quantity would need more than six decimals it is held back.
-- Inputs: incoming, counted_units. Parameter: today.
WITH counted AS (
    SELECT
        i.*, u.unit AS word, u.rule_id AS unit_rule, u.reason AS unit_reason,
        CASE WHEN i.multiplier = 1 THEN coalesce(u.scale, 1)
            ELSE CAST(CAST(coalesce(u.scale, 1) AS DECIMAL(24, 9)) * i.multiplier AS DECIMAL(20, 9)) END AS scale,
        CAST(i.quantity AS DECIMAL(26, 6)) AS wide_quantity, u.counted_unit
    FROM incoming AS i
    LEFT JOIN counted_units AS u
        ON u.raw = i.raw_unit AND u.energy_type = i.owner_type AND u.source_folder = i.source_folder
),
ruled AS (
    SELECT *, CASE
            WHEN owner_id IS NULL AND is_known THEN 'outside_validity'
            WHEN owner_id IS NULL AND record = 'activity' THEN 'unknown_activity_source'
            WHEN owner_id IS NULL AND record = 'composition' THEN 'unknown_facility'
            WHEN is_unknown_category THEN 'unknown_category'
            WHEN is_derived THEN 'derived_source'
            WHEN owner_id IS NULL THEN 'unknown_meter'
            WHEN record = 'reading' AND kind = 'register' THEN 'kind_unclear'
            WHEN record = 'register'
                AND substance NOT IN ('reading', 'closing', 'opening', 'reset', 'daily', 'monthly', 'since_reading', 'since_reading_whole')
                THEN 'unknown_event'
            WHEN kind = 'interval' AND reading_kind IS NULL AND ended_at > started_at + INTERVAL 1 DAY THEN 'kind_unclear'
            WHEN unit_rule IS NOT NULL THEN unit_rule
            WHEN CAST(ended_at AS DATE) > until THEN 'outside_validity'
            WHEN record = 'reading' AND ended_at > same_until THEN 'multiplier_changed'
            WHEN value_rule(record, quantity, moisture_percent, ended_at, $today) IS NOT NULL
                THEN value_rule(record, quantity, moisture_percent, ended_at, $today)
            WHEN wide_quantity * scale >= CASE WHEN counted_unit LIKE 'GJ%' THEN 100000000 ELSE 1000000000 END THEN 'number_too_large'
            WHEN scale <> 1 AND CAST(wide_quantity * scale AS DECIMAL(18, 6)) <> wide_quantity * scale THEN 'too_many_digits'
        END AS rule_id
    FROM counted
)
SELECT
    file_no, source_member, source_line, source_column, record, owner_id, kind,
    coalesce(time_band, 'all') AS time_band, started_at, ended_at, quantity, word AS unit,
    CASE WHEN rule_id IS NOT NULL OR record IN ('weather', 'composition') THEN key END AS key,
    coalesce(quality, 'measured') AS quality, coalesce(stage, 'confirmed') AS stage, issued_on, received_at,
    substance, note, amount_yen, demand_kw, contract_kw, multiplier, category, basis, moisture_percent, laboratory, slip_no,
    TRY_CAST(replace(index_before, ',', '') AS DECIMAL(18, 6)) AS index_before, TRY_CAST(replace(index_after, ',', '') AS DECIMAL(18, 6)) AS index_after,
    evidence_name,
    CASE WHEN rule_id IS NOT NULL THEN raw_unit END AS raw_unit, CASE WHEN rule_id IS NOT NULL THEN reading_kind END AS stated_kind, rule_id,
    CASE
        WHEN rule_id IS NULL THEN NULL
        WHEN owner_id IS NULL AND NOT is_known THEN key
        WHEN is_unknown_category THEN coalesce(category, '(空欄)')
        WHEN record = 'composition' THEN rtrim(rtrim(CAST(quantity AS VARCHAR), '0'), '.') || ' % / ' || coalesce(CAST(moisture_percent AS VARCHAR), '-')
        WHEN unit_rule IS NOT NULL THEN raw_unit
        WHEN record = 'register'
            AND substance NOT IN ('reading', 'closing', 'opening', 'reset', 'daily', 'monthly', 'since_reading', 'since_reading_whole') THEN substance
        WHEN owner_id IS NULL OR CAST(ended_at AS DATE) > least(until, CAST($today AS DATE) + 1)
            THEN key || ' ' || strftime(started_at, '%Y-%m-%d %H:%M') || ' - ' || strftime(ended_at, '%Y-%m-%d %H:%M')
        ELSE rtrim(rtrim(CAST(quantity AS VARCHAR), '0'), '.') || ' ' || coalesce(raw_unit, '')
    END AS raw,
    unit_reason AS detail
FROM ruled
