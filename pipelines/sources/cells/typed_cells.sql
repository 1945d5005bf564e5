-- typed_cells: the cells with plain stamps and plain decimals read at once; other texts are left for the words.
-- A decimal is taken only when six places hold it exactly: the same text read with 18 places is equal.
-- A stamp with a UTC offset is moved to the offset of the layout, else to that of the city.
-- A cell of a workbook that may not be taken as it stands carries a mark: of the quantity, or of a cell that says whose it is, when
-- or what (held_rule). Amounts and contracts beside it cost only themselves. A format that shows another number waits for the unit (shown_as).
-- Inputs: cells (read in Python), row_cells, parse_parts (how the layout means its times).
WITH told AS (
    SELECT c.*, p.has_marks, p.form, p.utc_minutes, p.months, p.until_next, p.from_previous, p.longest_days, p.days_decide, p.semicolons, p.stated_units, p.end_shift_minutes
    FROM (FROM cells UNION ALL BY NAME FROM row_cells) AS c
    JOIN parse_parts AS p ON p.file_no = c.file_no
),
held AS (
    SELECT
        *, CASE WHEN has_marks THEN rule_of(quantity_text) END AS quantity_rule,
        CASE WHEN has_marks THEN list_filter(
            [key, started_text, ended_text, unit, reading_kind, time_band, quality, stage, issued_text, substance, category, basis, moisture_text,
                CASE WHEN rule_of(slip_no) = 'not_calculated' THEN slip_no END],
            lambda t: rule_of(t) IS NOT NULL OR t = moisture_text AND shown_as(t) IS NOT NULL)[1] END AS held_text
    FROM told
),
trimmed AS (
    SELECT
        file_no, line, column_name, form, utc_minutes, months, until_next, from_previous, longest_days, days_decide,
        month_of_year, trim(unmarked(has_marks, days_text)) AS days_text, semicolons, stated_units, end_shift_minutes,
        coalesce(quantity_rule, rule_of(held_text), CASE WHEN held_text IS NOT NULL THEN 'shown_otherwise' END) AS held_rule,
        CASE WHEN quantity_rule IS NULL THEN unmarked(has_marks, held_text) END AS held_by,
        CASE WHEN has_marks THEN shown_as(quantity_text) END AS shown_as,
        nullif(trim(unmarked(has_marks, key)), '') AS key, trim(unmarked(has_marks, started_text)) AS started_text,
        trim(unmarked(has_marks, ended_text)) AS ended_text, start_minutes, end_minutes, trim(unmarked(has_marks, quantity_text)) AS quantity_text,
        nullif(trim(unmarked(has_marks, unit)), '') AS unit, nullif(trim(unmarked(has_marks, reading_kind)), '') AS reading_kind,
        nullif(trim(unmarked(has_marks, time_band)), '') AS time_band, nullif(trim(unmarked(has_marks, quality)), '') AS quality,
        nullif(trim(unmarked(has_marks, stage)), '') AS stage, nullif(trim(unmarked(has_marks, issued_text)), '') AS issued_text,
        nullif(trim(of_its_own(has_marks, yen_text)), '') AS yen_text, nullif(trim(of_its_own(has_marks, kw_text)), '') AS kw_text,
        nullif(trim(of_its_own(has_marks, contract_text)), '') AS contract_text,
        nullif(trim(unmarked(has_marks, substance)), '') AS substance, nullif(trim(unmarked(has_marks, note)), '') AS note,
        nullif(trim(unmarked(has_marks, category)), '') AS category, nullif(trim(unmarked(has_marks, basis)), '') AS basis,
        nullif(trim(unmarked(has_marks, moisture_text)), '') AS moisture_text, nullif(trim(unmarked(has_marks, laboratory)), '') AS laboratory,
        nullif(trim(unmarked(has_marks, slip_no)), '') AS slip_no, nullif(trim(of_its_own(has_marks, index_before)), '') AS index_before,
        nullif(trim(of_its_own(has_marks, index_after)), '') AS index_after, nullif(trim(unmarked(has_marks, evidence_name)), '') AS evidence_name,
        trim(unmarked(has_marks, for_month)) AS for_month,
        line_rule, unmarked(has_marks, line_raw) AS line_raw, coalesce(has_unit_column, false) AS has_unit_column
    FROM held
)
SELECT
    *,
    moment_of(started_text, form, utc_minutes) AS started, moment_of(ended_text, form, utc_minutes) AS ended,
    plain_decimal(quantity_text) AS quantity
FROM trimmed
