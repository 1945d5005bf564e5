-- readings: one row per usable value of a meter; the losers among rivals stay, with the time they were superseded.
-- What a register counted between two of its states is a reading too; its place is that of the later state.
-- Laid down by meter and time, one block of meters after the other, so that no sorting needs them all; the long hashes of the
-- files are joined after it. Inputs: candidates, losers, known_files, register_uses. Parameters: first_meter, last_meter.
WITH usable AS (
    SELECT
        c.owner_id AS meter_id, c.kind AS reading_kind, c.time_band, c.started_at, c.ended_at, c.quantity, c.unit, c.quality,
        c.stage, c.issued_on, c.file_no, nullif(c.source_member, '') AS source_member, c.source_line, c.source_column,
        c.received_at AS known_from, l.known_to, c.amount_yen, c.demand_kw, c.contract_kw, c.slip_no, c.index_before, c.index_after, c.evidence_name
    FROM candidates AS c
    LEFT JOIN losers AS l ON l.candidate_id = c.candidate_id
    WHERE c.record = 'reading' AND c.owner_id BETWEEN $first_meter AND $last_meter
    UNION ALL BY NAME
    SELECT
        meter_id, 'register' AS reading_kind, 'all' AS time_band, started_at, ended_at, quantity, unit, quality, stage, issued_on,
        source_sha256, source_member, source_line, source_column, known_from
    FROM register_uses
    WHERE quantity IS NOT NULL AND meter_id BETWEEN $first_meter AND $last_meter
),
sorted AS (
    FROM usable ORDER BY meter_id, reading_kind, started_at, time_band, known_from, source_line, source_column
)
SELECT s.* REPLACE (coalesce(s.source_sha256, f.sha256) AS source_sha256)
FROM sorted AS s
LEFT JOIN known_files AS f ON f.file_no = s.file_no
