-- simple_losers: rivals of one and the same period that do not come first, with the time from which they were beaten.
-- Inputs: rivals, candidates.
WITH ordered AS (
    SELECT
        r.candidate_id, c.received_at,
        row_number() OVER same AS place,
        first_value(c.received_at) OVER same AS winner_received_at
    FROM rivals AS r
    JOIN candidates AS c ON c.candidate_id = r.candidate_id
    WHERE r.is_simple
    WINDOW same AS (
        PARTITION BY r.owner_id, r.kind, r.is_closing, r.island
        ORDER BY c.stage_order, c.issued_on DESC NULLS LAST, c.received_at DESC, c.file_no, c.source_member,
            c.source_line, c.source_column
    )
)
SELECT candidate_id, greatest(received_at, winner_received_at) AS known_to
FROM ordered
WHERE place > 1
