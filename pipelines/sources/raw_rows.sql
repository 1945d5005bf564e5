-- raw_rows: one row per line of a file after its header that is not wholly empty, cut into cells.
-- Inputs: raw_lines (the text lines in file order), parse_parts (one row per file or sheet of this batch).
WITH numbered AS (
    SELECT parse_parts.*, raw_lines.rowid - parse_parts.first_row + 1 AS line, raw_lines.text
    FROM raw_lines
    JOIN parse_parts ON parse_parts.file_index = raw_lines.file_index
)
SELECT file_no, line, string_split(text, delimiter) AS cells
FROM numbered
WHERE line > header_line AND text IS NOT NULL AND trim(replace(text, delimiter, '')) <> ''
