-- typed_cells: the cells with plain stamps and plain decimals read at once; other texts are left for the words.
-- A decimal is taken only when six places hold it exactly: the same text read with 18 places is equal.
-- A stamp with a UTC offset is read only where the layout says to which offset it is moved.
-- Inputs: cells (read in Python), row_cells, parse_parts (how the layout means its times).
WITH trimmed AS (
    SELECT
        file_no, line, column_name, nullif(trim(key), '') AS key, trim(started_text) AS started_text,
        trim(ended_text) AS ended_text, start_minutes, end_minutes, trim(quantity_text) AS quantity_text,
        nullif(trim(unit), '') AS unit, nullif(trim(reading_kind), '') AS reading_kind,
        nullif(trim(time_band), '') AS time_band, nullif(trim(quality), '') AS quality, nullif(trim(stage), '') AS stage,
        nullif(trim(issued_text), '') AS issued_text, nullif(trim(yen_text), '') AS yen_text,
        nullif(trim(kw_text), '') AS kw_text, nullif(trim(contract_text), '') AS contract_text,
        nullif(trim(substance), '') AS substance, nullif(trim(note), '') AS note,
        nullif(trim(category), '') AS category, nullif(trim(basis), '') AS basis,
        nullif(trim(moisture_text), '') AS moisture_text, nullif(trim(laboratory), '') AS laboratory,
        line_rule, line_raw, coalesce(has_unit_column, false) AS has_unit_column
    FROM (FROM cells UNION ALL BY NAME FROM row_cells)
)
SELECT
    t.* EXCLUDE (start_minutes, end_minutes), p.form, p.utc_minutes, p.months, p.until_next, p.semicolons, p.stated_units,
    p.end_shift_minutes, t.start_minutes, t.end_minutes,
    moment_of(started_text, p.form, p.utc_minutes) AS started, moment_of(ended_text, p.form, p.utc_minutes) AS ended,
    plain_decimal(quantity_text) AS quantity
FROM trimmed AS t
JOIN parse_parts AS p ON p.file_no = t.file_no
