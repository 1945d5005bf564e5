-- quarantine: one row per value held back, by the parser or by the check, with its place and the sentence of its rule, and of whom, when
-- and of which kind, slip and standing it is, as far as that could be read.
-- Rows of answer sheets are held back by their judgement. Inputs: parsed_rejects (Parquet), known_files, checked, answer_rows, rule_texts.
WITH held AS (
    SELECT f.sha256, r.source_member, r.source_line, r.source_column, r.rule_id, r.raw, NULL AS detail, r.key AS owner,
        r.started_at, r.ended_at, r.stage, r.quality, r.reading_kind, r.slip_no
    FROM parsed_rejects AS r
    JOIN known_files AS f
        ON f.sha256 = r.source_sha256 AND f.wanted = r.wanted AND f.is_taken
        AND f.member = r.file_member AND f.batch = r.batch
    UNION ALL BY NAME
    SELECT f.sha256, c.source_member, c.source_line, c.source_column, c.rule_id, c.raw, c.detail,
        coalesce(c.owner_id, c.key) AS owner, c.started_at, c.ended_at, c.stage, c.quality, c.stated_kind AS reading_kind, c.slip_no
    FROM checked AS c
    JOIN known_files AS f ON f.file_no = c.file_no
    WHERE c.rule_id IS NOT NULL
    UNION ALL BY NAME
    SELECT a.source_sha256 AS sha256, a.source_member, a.source_line, 'answer' AS source_column, a.rule_id, a.raw, a.detail
    FROM answer_rows AS a
    SEMI JOIN known_files AS f ON f.sha256 = a.source_sha256
    WHERE a.rule_id IS NOT NULL
)
SELECT
    h.sha256 AS source_sha256, nullif(h.source_member, '') AS source_member, h.source_line, h.source_column, h.rule_id,
    replace(replace(t.ja, '{raw}', coalesce(h.raw, '')), '{right}', coalesce(h.detail, '')) AS reason,
    replace(replace(t.en, '{raw}', coalesce(h.raw, '')), '{right}', coalesce(h.detail, '')) AS reason_en, h.raw,
    h.owner AS meter_id, h.started_at, h.ended_at,
    nullif(h.stage, '?') AS stage, nullif(h.quality, '?') AS quality, nullif(h.reading_kind, '?') AS reading_kind, h.slip_no
FROM held AS h
JOIN rule_texts AS t ON t.rule_id = h.rule_id
