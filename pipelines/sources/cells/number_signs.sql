-- number_signs: one row per table and role whose figures hold a comma or a point that has to be understood: which is the decimal sign.
-- Decided by all cells of the column and by what parts the cells of the file, never by one cell. `point`: 1,234.5 and 1,234;
-- `comma`: 1.234,5 and 12,345, only where cells come apart by semicolons and no cell speaks for the point; `comma_only`: the same, but
-- no cell shows points between thousands; `unclear`: only what can mean one thing alone is read.
-- Inputs: typed_cells, placed_cells (what was read at once: its fractions speak for the point), parse_parts. Macros: bare_figure, speaks_*.
WITH said AS (
    SELECT file_no, 'quantity' AS role, bare_figure(quantity_text) AS text FROM typed_cells WHERE regexp_matches(quantity_text, '[,.，．]')
    UNION ALL SELECT file_no, 'yen', bare_figure(yen_text) FROM typed_cells WHERE regexp_matches(yen_text, '[,.，．]')
    UNION ALL SELECT file_no, 'kw', bare_figure(kw_text) FROM typed_cells WHERE regexp_matches(kw_text, '[,.，．]')
    UNION ALL SELECT file_no, 'contract', bare_figure(contract_text) FROM typed_cells WHERE regexp_matches(contract_text, '[,.，．]')
    UNION ALL SELECT file_no, 'moisture', bare_figure(moisture_text) FROM typed_cells WHERE regexp_matches(moisture_text, '[,.，．]')
),
judged AS (
    SELECT file_no, role, bool_or(speaks_point(text)) AS point, bool_or(speaks_comma(text)) AS comma, bool_or(has_point_groups(text)) AS point_groups
    FROM said
    GROUP BY file_no, role
),
fractions AS (
    SELECT DISTINCT c.file_no
    FROM placed_cells AS c
    JOIN parse_parts AS p ON p.file_no = c.file_no AND p.semicolons
    WHERE c.quantity <> trunc(c.quantity)
)
SELECT
    j.file_no, j.role, j.comma AS has_comma,
    CASE
        WHEN j.comma AND p.semicolons AND NOT (j.point OR j.role = 'quantity' AND f.file_no IS NOT NULL)
            THEN CASE WHEN j.point_groups THEN 'comma' ELSE 'comma_only' END
        WHEN j.comma OR p.semicolons AND NOT (j.point OR j.role = 'quantity' AND f.file_no IS NOT NULL) THEN 'unclear'
        ELSE 'point'
    END AS signs
FROM judged AS j
JOIN parse_parts AS p ON p.file_no = j.file_no
LEFT JOIN fractions AS f ON f.file_no = j.file_no
