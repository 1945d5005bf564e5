-- crossing_rivals: rivals whose periods differ, in the order in which they are taken (candidates), for the pass in acceptance.py.
-- standing: what goes before the receipt in that order. Inputs: rivals, candidates, known_files.
SELECT r.owner_id, r.kind, r.is_closing, r.island, r.candidate_id, r.time_band, r.started_at, r.ended_at, f.receipts,
    concat_ws('/', c.stage_order, c.quality_order, c.issued_on) AS standing
FROM rivals AS r
JOIN candidates AS c ON c.candidate_id = r.candidate_id
JOIN known_files AS f ON f.file_no = c.file_no
WHERE NOT r.is_simple
ORDER BY
    r.owner_id, r.kind, r.is_closing, r.island, c.stage_order, c.quality_order, c.issued_on DESC NULLS LAST, f.receipts[-1] DESC,
    c.file_no, c.source_member, c.source_line, c.source_column
