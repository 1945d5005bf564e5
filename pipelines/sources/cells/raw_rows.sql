-- raw_rows: one row per line to be read with care, after a file's header and not wholly empty, cut into cells. Lines of printed
-- totals are marked: they are no values, but must agree with them. Lines that the layout passes over (skip) are not there. The last line tells what of it may be cut off.
-- Inputs: raw_lines (the text lines in file order), parse_parts (one row per file or sheet of this batch), placed_tables and
-- careful_lines (the tables that were read at once, but for these lines).
WITH firsts AS (
    SELECT file_no, min(rowid) AS first_row FROM raw_lines GROUP BY file_no
),
numbered AS (
    SELECT p.*, l.rowid - f.first_row + 1 AS line, l.text
    FROM raw_lines AS l
    JOIN firsts AS f ON f.file_no = l.file_no
    JOIN parse_parts AS p ON p.file_no = l.file_no
),
cut AS (
    SELECT file_no, line, string_split(text, delimiter) AS cells, total_rows, has_totals, has_marks, columns, last_line, torn_place, torn_raw, skip
    FROM numbered
    WHERE (file_no NOT IN (SELECT file_no FROM placed_tables) OR (file_no, line) IN (SELECT (file_no, line) FROM careful_lines))
        AND line > header_line AND text IS NOT NULL AND trim(replace(text, delimiter, '')) <> ''
)
SELECT
    file_no, line, cells, CASE WHEN has_totals THEN list_has_any(total_rows,
        list_transform([cells[columns.meter], cells[columns.start], cells[1]], lambda c: bare(unmarked(has_marks, c)))) ELSE false END AS is_total,
    CASE WHEN line = last_line THEN torn_place END AS torn_place, CASE WHEN line = last_line THEN torn_raw END AS torn_raw
FROM cut
WHERE skip IS NULL OR len(list_filter(cells, lambda c: regexp_full_match(bare(unmarked(has_marks, c)), skip))) = 0
