-- event_losers: the events that are superseded: by another set (beaten_events), or the same line of the same slip once more.
-- Inputs: event_rows, beaten_events, known_files.
SELECT e.candidate_id, coalesce(b.known_to, f.received_at) AS known_to
FROM event_rows AS e
JOIN known_files AS f ON f.file_no = e.file_no
LEFT JOIN beaten_events AS b ON b.unit_no = e.unit_no
WHERE b.unit_no IS NOT NULL OR e.again
