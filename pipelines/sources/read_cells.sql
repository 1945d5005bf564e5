-- read_cells: every cell with its values, or the first rule it breaks. Nothing is dropped here.
-- Order of the rules: how the line is built, whose it is, when it is, how much, the words.
-- Inputs: typed_cells, moment_words and number_words (texts that people wrote another way), agreed_words.
WITH worded AS (
    SELECT
        c.*,
        coalesce(c.started, s.moment) + to_minutes(c.start_minutes) AS started_at,
        CASE WHEN c.end_minutes IS NULL THEN coalesce(c.ended, e.moment)
            ELSE coalesce(c.started, s.moment) + to_minutes(c.end_minutes) END AS ended_at,
        coalesce(c.quantity, n.number) AS number, n.rule_id AS number_rule,
        coalesce(k.meaning, CASE WHEN c.reading_kind IS NOT NULL THEN '?' END) AS kind_word,
        coalesce(b.meaning, CASE WHEN c.time_band IS NOT NULL THEN '?' END) AS band_word,
        coalesce(q.meaning, CASE WHEN c.quality IS NOT NULL THEN '?' END) AS quality_word,
        coalesce(g.meaning, CASE WHEN c.stage IS NOT NULL THEN '?' END) AS stage_word,
        coalesce(a.meaning, CASE WHEN c.basis IS NOT NULL THEN '?' END) AS basis_word,
        i.moment AS issued, y.number AS yen, w.number AS kw, m.number AS moisture
    FROM typed_cells AS c
    LEFT JOIN moment_words AS s ON c.started IS NULL AND s.text = c.started_text
    LEFT JOIN moment_words AS e ON c.ended IS NULL AND e.text = c.ended_text
    LEFT JOIN number_words AS n ON c.quantity IS NULL AND n.text = c.quantity_text
    LEFT JOIN agreed_words AS k ON k.column_name = 'reading_kind' AND k.text = c.reading_kind
    LEFT JOIN agreed_words AS b ON b.column_name = 'time_band' AND b.text = c.time_band
    LEFT JOIN agreed_words AS q ON q.column_name = 'quality' AND q.text = c.quality
    LEFT JOIN agreed_words AS g ON g.column_name = 'stage' AND g.text = c.stage
    LEFT JOIN moment_words AS i ON i.text = c.issued_text
    LEFT JOIN number_words AS y ON y.text = c.yen_text
    LEFT JOIN number_words AS w ON w.text = c.kw_text
    LEFT JOIN number_words AS m ON m.text = c.moisture_text
    LEFT JOIN agreed_words AS a ON a.column_name = 'basis' AND a.text = c.basis
)
SELECT
    file_no, line, column_name, key, started_at, ended_at, number AS quantity, unit, kind_word AS reading_kind,
    band_word AS time_band, quality_word AS quality, stage_word AS stage, CAST(issued AS DATE) AS issued_on,
    yen AS amount_yen, kw AS demand_kw, substance, note, category,
    basis_word AS basis, moisture AS moisture_percent, laboratory, quantity_text,
    CASE
        WHEN line_rule IS NOT NULL THEN line_rule
        WHEN coalesce(quantity_text, '') = '' OR quantity_text IN (SELECT text FROM missing_marks) THEN 'blank'
        WHEN key IS NULL THEN 'missing_value'
        WHEN coalesce(started_text, '') = '' OR (end_minutes IS NULL AND coalesce(ended_text, '') = '') THEN 'missing_value'
        WHEN started_at IS NULL OR ended_at IS NULL THEN 'not_a_date'
        WHEN number IS NULL THEN coalesce(number_rule, 'not_a_number')
        WHEN ended_at <= started_at THEN 'ends_before_start'
        WHEN issued_text IS NOT NULL AND issued IS NULL THEN 'not_a_date'
        WHEN yen_text IS NOT NULL AND yen IS NULL OR kw_text IS NOT NULL AND kw IS NULL
            OR moisture_text IS NOT NULL AND moisture IS NULL THEN 'not_a_number'
        WHEN '?' IN (kind_word, band_word, quality_word, stage_word, basis_word) THEN 'unknown_word'
    END AS rule_id,
    CASE
        WHEN line_rule IS NOT NULL THEN line_raw
        WHEN key IS NULL THEN 'key: (空欄)'
        WHEN coalesce(started_text, '') = '' THEN 'start: (空欄)'
        WHEN end_minutes IS NULL AND coalesce(ended_text, '') = '' THEN 'end: (空欄)'
        WHEN started_at IS NULL THEN started_text
        WHEN ended_at IS NULL THEN ended_text
        WHEN number IS NULL THEN quantity_text
        WHEN ended_at <= started_at THEN started_text || ' - ' || ended_text
        WHEN issued_text IS NOT NULL AND issued IS NULL THEN issued_text
        WHEN yen_text IS NOT NULL AND yen IS NULL THEN yen_text
        WHEN kw_text IS NOT NULL AND kw IS NULL THEN kw_text
        WHEN moisture_text IS NOT NULL AND moisture IS NULL THEN moisture_text
        WHEN basis_word = '?' THEN basis
        WHEN kind_word = '?' THEN reading_kind
        WHEN band_word = '?' THEN time_band
        WHEN quality_word = '?' THEN quality
        WHEN stage_word = '?' THEN stage
    END AS raw
FROM worded
