-- cells_by_row: one row per value of the layouts that hold one value a line (the canonical ones). A sample of waste
-- stands for its day.
-- Inputs: raw_rows, parse_parts (the role of each column).
SELECT
    r.file_no, r.line, p.quantity_name AS column_name, r.cells[p.i_key] AS key, r.cells[p.i_started] AS started_text,
    r.cells[p.i_ended] AS ended_text, 0 AS start_minutes, CASE WHEN p.record = 'composition' THEN 1440 END AS end_minutes, r.cells[p.i_quantity] AS quantity_text,
    r.cells[p.i_unit] AS unit, r.cells[p.i_reading_kind] AS reading_kind, r.cells[p.i_time_band] AS time_band,
    r.cells[p.i_quality] AS quality, r.cells[p.i_stage] AS stage, r.cells[p.i_issued] AS issued_text,
    r.cells[p.i_yen] AS yen_text, r.cells[p.i_kw] AS kw_text, r.cells[p.i_substance] AS substance,
    r.cells[p.i_note] AS note, r.cells[p.i_category] AS category, r.cells[p.i_basis] AS basis,
    r.cells[p.i_moisture] AS moisture_text, r.cells[p.i_laboratory] AS laboratory, CASE WHEN r.cells[1] = $unclosed THEN 'unclosed_quote'
        WHEN len(r.cells) > p.width AND trim(array_to_string(r.cells[p.width + 1:], '')) <> '' THEN 'too_many_cells'
    END AS line_rule,
    CASE WHEN r.cells[1] = $unclosed THEN r.cells[2]
        WHEN len(r.cells) > p.width THEN array_to_string(r.cells, ',') END AS line_raw
FROM raw_rows AS r
JOIN parse_parts AS p ON p.file_no = r.file_no
WHERE len(p.slots) = 0
