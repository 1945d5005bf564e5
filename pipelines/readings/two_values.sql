-- two_values: one row per source, pair of files and run of days with two different values that nothing tells apart; a state of a
-- register stands for the uses on both its sides. Inputs: tied_values, register_uses.
WITH spans AS (
    SELECT t.*, CAST(t.started_at AS DATE) AS first_date, CAST(t.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM tied_values AS t
    WHERE t.kind <> 'register'
    UNION ALL BY NAME
    SELECT t.*, CAST(u.started_at AS DATE) AS first_date, CAST(u.ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM tied_values AS t
    JOIN register_uses AS u ON u.meter_id = t.owner_id AND t.started_at IN (u.started_at, u.ended_at)
    WHERE t.kind = 'register'
),
numbered AS (
    SELECT *, sum(CASE WHEN first_date <= reach + 1 AND kind = 'interval' THEN 0 ELSE 1 END) OVER (
        PARTITION BY source_kind, owner_id, kind, file, other_file ORDER BY first_date, last_date, started_at, other_line, source_line, other_column
        ROWS UNBOUNDED PRECEDING) AS run
    FROM (
        SELECT *, max(last_date) OVER (
            PARTITION BY source_kind, owner_id, kind, file, other_file ORDER BY first_date, last_date, started_at, other_line, source_line, other_column
            ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
        FROM spans)
)
SELECT source_kind, owner_id AS source_id, 'two_values' AS rule_id, min(first_date) AS valid_from, max(last_date) + 1 AS valid_to,
    to_json({subject: owner_id, periods: strftime(min(first_date), '%Y-%m-%d') || '..' || strftime(max(last_date), '%Y-%m-%d'),
        pairs: CAST(count(*) AS INTEGER), value: CAST(arg_min(quantity, place) AS DOUBLE), unit: arg_min(unit, place),
        file: file, line: arg_min(source_line, place), member: arg_min(source_member, place), other_value: CAST(arg_min(other_value, place) AS DOUBLE),
        other_unit: arg_min(other_unit, place), other_file: other_file, other_line: arg_min(other_line, place),
        other_member: arg_min(other_member, place)}) AS evidence
FROM (SELECT *, row_number() OVER (
    PARTITION BY source_kind, owner_id, kind, file, other_file, run
    ORDER BY started_at, other_member, other_line, other_column, source_member, source_line, source_column) AS place FROM numbered)
GROUP BY source_kind, owner_id, kind, file, other_file, run
