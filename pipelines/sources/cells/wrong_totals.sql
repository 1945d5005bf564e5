-- wrong_totals: printed totals that do not agree with the cells they stand for: the first of each table, with the true reason. A total
-- that cannot be read, or of which a cell was held back, is no agreement: then that cell is the reason (unread), not the difference.
-- Blank cells count as nothing; a total that is itself a mark for missing says nothing where no cell holds a value.
-- Inputs: printed_totals, read_cells, number_words, number_signs, missing_marks, parse_parts.
WITH by_column AS (
    SELECT file_no, column_name, sum(quantity) FILTER (rule_id IS NULL) AS summed,
        min_by(column_name || ' ' || line || '行: ' || coalesce(raw, quantity_text) || ' [' || rule_id || ']', line) FILTER (rule_id <> 'blank') AS unread
    FROM read_cells
    GROUP BY ALL
),
by_row AS (
    SELECT file_no, line, sum(quantity) FILTER (rule_id IS NULL) AS summed,
        min(column_name || ': ' || coalesce(raw, quantity_text) || ' [' || rule_id || ']') FILTER (rule_id <> 'blank') AS unread
    FROM read_cells
    GROUP BY ALL
),
compared AS (
    SELECT t.file_no, t.line, t.column_name, t.text,
        CASE WHEN coalesce(s.signs, 'point') = 'point' THEN coalesce(plain_decimal(t.text), n.number) ELSE n.number END AS printed,
        CASE WHEN t.column_name IS NULL THEN r.summed ELSE c.summed END AS found, coalesce(found, 0) AS summed,
        CASE WHEN t.column_name IS NULL THEN r.unread ELSE c.unread END AS unread_cell, p.total_tolerance
    FROM printed_totals AS t
    JOIN parse_parts AS p ON p.file_no = t.file_no
    LEFT JOIN number_signs AS s ON s.file_no = t.file_no AND s.role = 'quantity'
    LEFT JOIN number_words AS n ON n.role = 'quantity' AND n.text = t.text AND n.signs = coalesce(s.signs, 'point')
    LEFT JOIN by_column AS c ON c.file_no = t.file_no AND c.column_name = t.column_name
    LEFT JOIN by_row AS r ON r.file_no = t.file_no AND r.line = t.line AND t.column_name IS NULL
)
SELECT file_no, line, column_name, text AS printed, rtrim(rtrim(CAST(summed AS VARCHAR), '0'), '.') AS summed,
    unread_cell AS unread
FROM compared
WHERE (printed IS NULL OR unread_cell IS NOT NULL OR abs(printed - summed) > total_tolerance)
    AND NOT (found IS NULL AND unread_cell IS NULL AND text IN (SELECT text FROM missing_marks))
QUALIFY row_number() OVER (PARTITION BY file_no ORDER BY line, column_name) = 1
