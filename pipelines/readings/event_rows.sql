-- event_rows: the deliveries and activity figures, each with its set (source, period, file and stage: one statement, whose rows add
-- up) and its unit (the rows of a set with one slip number, or without). again: the same line of the same slip once more.
-- Input: candidates.
SELECT
    candidate_id, owner_id, kind, started_at, ended_at, file_no, stage_order, quality_order, issued_on, slip_no,
    min(candidate_id) OVER (PARTITION BY owner_id, kind, started_at, ended_at, file_no, stage_order) AS set_no,
    min(candidate_id) OVER (PARTITION BY owner_id, kind, started_at, ended_at, file_no, stage_order, slip_no) AS unit_no,
    slip_no IS NOT NULL AND row_number() OVER (
        PARTITION BY owner_id, kind, started_at, ended_at, file_no, stage_order, slip_no, quantity, unit, substance, note, quality, issued_on
        ORDER BY source_member, source_line, source_column) > 1 AS again
FROM candidates
WHERE is_event
