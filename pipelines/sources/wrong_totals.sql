-- wrong_totals: printed totals that differ from the sum of the cells they stand for by more than the layout allows, or that
-- cannot be read. A cell that cannot be read counts as nothing here: then the total tells that something is lost.
-- Inputs: printed_totals, read_cells, number_words, parse_parts.
WITH by_column AS (
    SELECT file_no, column_name, sum(quantity) AS summed FROM read_cells WHERE rule_id IS NULL GROUP BY ALL
),
by_row AS (
    SELECT file_no, line, sum(quantity) AS summed FROM read_cells WHERE rule_id IS NULL GROUP BY ALL
),
compared AS (
    SELECT t.file_no, t.line, t.column_name, t.text, coalesce(plain_decimal(t.text), n.number) AS printed,
        coalesce(CASE WHEN t.column_name IS NULL THEN r.summed ELSE c.summed END, 0) AS summed, p.total_tolerance
    FROM printed_totals AS t
    JOIN parse_parts AS p ON p.file_no = t.file_no
    LEFT JOIN number_words AS n ON n.text = t.text
    LEFT JOIN by_column AS c ON c.file_no = t.file_no AND c.column_name = t.column_name
    LEFT JOIN by_row AS r ON r.file_no = t.file_no AND r.line = t.line AND t.column_name IS NULL
)
SELECT file_no, line, column_name, text AS printed, rtrim(rtrim(CAST(summed AS VARCHAR), '0'), '.') AS summed
FROM compared
WHERE printed IS NULL OR abs(printed - summed) > total_tolerance
QUALIFY row_number() OVER (PARTITION BY file_no ORDER BY line, column_name) = 1
