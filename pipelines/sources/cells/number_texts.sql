-- number_texts: one row per role, text and meaning of its signs that is read as a number in Python, each once.
-- Inputs: typed_cells, number_signs, printed_totals.
WITH texts AS (
    SELECT DISTINCT file_no, 'quantity' AS role, quantity_text AS text
    FROM typed_cells
    WHERE quantity_text <> '' AND (quantity IS NULL OR contains(quantity_text, '.') AND file_no IN (SELECT file_no FROM number_signs WHERE signs <> 'point'))
    UNION SELECT file_no, 'yen', yen_text FROM typed_cells WHERE yen_text <> ''
    UNION SELECT file_no, 'kw', kw_text FROM typed_cells WHERE kw_text <> ''
    UNION SELECT file_no, 'contract', contract_text FROM typed_cells WHERE contract_text <> ''
    UNION SELECT file_no, 'moisture', moisture_text FROM typed_cells WHERE moisture_text <> ''
    UNION SELECT file_no, 'quantity', text FROM printed_totals
)
SELECT DISTINCT t.role, t.text, coalesce(s.signs, 'point') AS signs
FROM texts AS t
LEFT JOIN number_signs AS s ON s.file_no = t.file_no AND s.role = t.role
ORDER BY ALL
