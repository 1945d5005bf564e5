-- raw_rows: one row per line to be read with care, after a file's header and not wholly empty, cut into cells. Lines of printed
-- totals are marked: they are no values, but must agree with them.
-- Inputs: raw_lines (the text lines in file order), parse_parts (one row per file or sheet of this batch), careful_lines.
WITH numbered AS (
    SELECT parse_parts.*, raw_lines.rowid - parse_parts.first_row + 1 AS line, raw_lines.text
    FROM raw_lines
    JOIN parse_parts ON parse_parts.file_index = raw_lines.file_index
),
cut AS (
    SELECT file_no, line, string_split(text, delimiter) AS cells, total_rows, has_totals, columns
    FROM numbered
    WHERE (shape IS NULL OR (file_no, line) IN (SELECT (file_no, line) FROM careful_lines)) AND line > header_line AND text IS NOT NULL AND trim(replace(text, delimiter, '')) <> ''
)
SELECT
    file_no, line, cells, CASE WHEN has_totals THEN list_has_any(total_rows,
        [bare(cells[columns.meter]), bare(cells[columns.start]), bare(cells[1])]) ELSE false END AS is_total
FROM cut
