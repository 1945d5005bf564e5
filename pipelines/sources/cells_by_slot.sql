-- cells_by_slot: one row per slot of the layouts that hold a day (or an hour) per line (day_columns, hourly_load).
-- Inputs: raw_rows, parse_parts (slots: column, name, minutes from the row's stamp).
WITH slotted AS (
    SELECT r.file_no, r.line, r.cells, p.i_key, p.i_started, p.i_unit, p.i_stage, p.fact_key, p.fact_unit, p.width,
        unnest(p.slots) AS slot
    FROM raw_rows AS r
    JOIN parse_parts AS p ON p.file_no = r.file_no
    WHERE len(p.slots) > 0
)
SELECT
    file_no, line, slot.name AS column_name, coalesce(fact_key, cells[i_key]) AS key, cells[i_started] AS started_text,
    NULL AS ended_text, slot.start_minutes AS start_minutes, slot.end_minutes AS end_minutes,
    cells[slot.position] AS quantity_text, coalesce(cells[i_unit], fact_unit) AS unit, 'interval' AS reading_kind,
    NULL AS time_band, NULL AS quality, cells[i_stage] AS stage, NULL AS issued_text, NULL AS yen_text, NULL AS kw_text,
    NULL AS substance, NULL AS note, CASE WHEN cells[1] = $unclosed THEN 'unclosed_quote'
        WHEN len(cells) > width AND trim(array_to_string(cells[width + 1:], '')) <> '' THEN 'too_many_cells'
    END AS line_rule,
    CASE WHEN cells[1] = $unclosed THEN cells[2]
        WHEN len(cells) > width THEN array_to_string(cells, ',') END AS line_raw
FROM slotted
