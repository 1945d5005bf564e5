-- crossing_rivals: rivals whose periods differ, in the order in which they are taken, for the pass in acceptance.py.
-- Inputs: rivals, candidates.
SELECT r.owner_id, r.kind, r.is_closing, r.island, r.candidate_id, r.time_band, r.started_at, r.ended_at, c.received_at
FROM rivals AS r
JOIN candidates AS c ON c.candidate_id = r.candidate_id
WHERE NOT r.is_simple
ORDER BY
    r.owner_id, r.kind, r.is_closing, r.island, c.stage_order, c.issued_on DESC NULLS LAST, c.received_at DESC,
    c.file_no, c.source_member, c.source_line, c.source_column
