-- rival_events: the units of events that overlap those of another set, by island of overlapping periods, in the order in which they
-- are taken (a set stands where its best row does), for the pass in acceptance.py. Inputs: event_rows, known_files.
WITH units AS (
    SELECT unit_no, any_value(set_no) AS set_no, any_value(owner_id) AS owner_id, any_value(kind) AS kind, any_value(started_at) AS started_at,
        any_value(ended_at) AS ended_at, any_value(file_no) AS file_no, any_value(slip_no) AS slip_no
    FROM event_rows
    GROUP BY unit_no
),
sets AS (
    SELECT set_no, any_value(stage_order) AS stage_order, min(quality_order) AS quality_order, max(issued_on) AS issued_on
    FROM event_rows
    GROUP BY set_no
),
reached AS (
    SELECT *, max(ended_at) OVER (
        PARTITION BY owner_id, kind ORDER BY started_at, ended_at, unit_no ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS reach
    FROM units
),
islands AS (
    SELECT *, count(*) FILTER (reach IS NULL OR started_at >= reach) OVER (
        PARTITION BY owner_id, kind ORDER BY started_at, ended_at, unit_no ROWS UNBOUNDED PRECEDING) AS island
    FROM reached
),
rivalling AS (
    SELECT * FROM islands
    QUALIFY min(set_no) OVER (PARTITION BY owner_id, kind, island) <> max(set_no) OVER (PARTITION BY owner_id, kind, island)
)
SELECT r.owner_id, r.kind, r.island, r.unit_no, r.set_no, r.slip_no, r.started_at, r.ended_at, f.receipts,
    concat_ws('/', s.stage_order, s.quality_order, s.issued_on) AS standing
FROM rivalling AS r
JOIN sets AS s ON s.set_no = r.set_no
JOIN known_files AS f ON f.file_no = r.file_no
ORDER BY r.owner_id, r.kind, r.island, s.stage_order, s.quality_order, s.issued_on DESC NULLS LAST, f.receipts[-1] DESC, r.file_no,
    r.started_at, r.ended_at, r.slip_no
