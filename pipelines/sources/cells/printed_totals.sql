-- printed_totals: one row per total that a file prints beside its values: below a column (line of the total) or at the end of
-- a row. One that may be cut off says nothing. Inputs: raw_rows, parse_parts.
WITH below AS (
    SELECT r.file_no, r.line, r.cells, r.torn_place, p.has_marks, unnest(p.slots) AS slot
    FROM raw_rows AS r
    JOIN parse_parts AS p ON p.file_no = r.file_no
    WHERE r.is_total
)
SELECT file_no, line, slot.name AS column_name, trim(total_of(has_marks, cells[slot.position])) AS text
FROM below
WHERE trim(coalesce(cells[slot.position], '')) <> '' AND coalesce(torn_place, 0) NOT IN (-1, slot.position)
UNION ALL
SELECT r.file_no, r.line, NULL AS column_name, trim(total_of(p.has_marks, r.cells[p.columns.total])) AS text
FROM raw_rows AS r
JOIN parse_parts AS p ON p.file_no = r.file_no
WHERE NOT r.is_total AND p.columns.total IS NOT NULL AND trim(coalesce(r.cells[p.columns.total], '')) <> ''
    AND coalesce(r.torn_place, 0) NOT IN (-1, p.columns.total)
