-- returned_sheets: the answer sheets that came back, with what became of their rows; those received first come first. Reads source_files.
SELECT sha256, source || '/' || path AS file, received_at, status, rows_received AS asked, rows_loaded AS taken, rows_superseded AS again,
    rows_quarantined AS held, rows_blank AS blank
FROM source_files
WHERE layout = 'answer_sheet'
ORDER BY received_at, source, path
