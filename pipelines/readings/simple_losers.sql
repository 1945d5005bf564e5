-- simple_losers: rivals of one and the same period that do not come first, with the time from which they were beaten: by a reading
-- of the same standing from its first receipt that came after theirs, by any other from its first receipt.
-- Inputs: rivals, candidates, known_files.
WITH ordered AS (
    SELECT
        r.candidate_id, f.receipts, concat_ws('/', c.stage_order, c.quality_order, c.issued_on) AS standing,
        row_number() OVER same AS place,
        first_value(concat_ws('/', c.stage_order, c.quality_order, c.issued_on)) OVER same AS winner_standing,
        first_value(c.file_no) OVER same AS winner_file_no
    FROM rivals AS r
    JOIN candidates AS c ON c.candidate_id = r.candidate_id
    JOIN known_files AS f ON f.file_no = c.file_no
    WHERE r.is_simple
    WINDOW same AS (
        PARTITION BY r.owner_id, r.kind, r.is_closing, r.island
        ORDER BY c.stage_order, c.quality_order, c.issued_on DESC NULLS LAST, f.receipts[-1] DESC, c.file_no, c.source_member,
            c.source_line, c.source_column
    )
)
SELECT o.candidate_id, greatest(o.receipts[1], CASE WHEN o.standing = o.winner_standing
    THEN list_min(list_filter(w.receipts, lambda x: x >= o.receipts[-1])) ELSE w.receipts[1] END) AS known_to
FROM ordered AS o
JOIN known_files AS w ON w.file_no = o.winner_file_no
WHERE o.place > 1
