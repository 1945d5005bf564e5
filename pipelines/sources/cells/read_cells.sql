-- read_cells: every cell with its values, or the first rule it breaks. Nothing is dropped here.
-- Order of the rules: how the line is built, whether the cell may be taken as it stands, whose it is, when it is, how much, the words.
-- Inputs: stamped_cells, number_signs, unit_words, moment_words and number_words (texts that people wrote another way), agreed_words,
-- shown_words (number formats that agree with the unit beside them).
-- What cannot be read of a column beside the value (money, power) costs only itself: it is named in side_unread, a mark for missing is not.
-- Reads missing_marks.
WITH signs AS (
    SELECT file_no, max(signs) FILTER (role = 'quantity') AS quantity, max(signs) FILTER (role = 'yen') AS yen,
        max(signs) FILTER (role = 'kw') AS kw, max(signs) FILTER (role = 'contract') AS contract, max(signs) FILTER (role = 'moisture') AS moisture
    FROM number_signs
    GROUP BY file_no
),
signed AS (
    SELECT
        c.* REPLACE (CASE WHEN coalesce(s.quantity, 'point') = 'point' OR NOT contains(c.quantity_text, '.') THEN c.quantity END AS quantity),
        coalesce(s.quantity, 'point') AS signs, coalesce(s.yen, 'point') AS yen_signs, coalesce(s.kw, 'point') AS kw_signs,
        coalesce(s.contract, 'point') AS contract_signs, coalesce(s.moisture, 'point') AS moisture_signs
    FROM stamped_cells AS c
    LEFT JOIN signs AS s ON s.file_no = c.file_no
),
worded AS (
    SELECT
        c.*,
        coalesce(c.quantity, n.number) AS number, n.rule_id AS number_rule,
        c.unit IS NULL AND f.unit IS NULL AND c.has_unit_column AS lacks_unit,
        len(c.stated_units) > 0 AND coalesce(c.unit, f.unit) IS NOT NULL AND NOT list_contains(c.stated_units, u.word) AS units_disagree,
        coalesce(k.meaning, CASE WHEN c.reading_kind IS NOT NULL THEN '?' END) AS kind_word,
        coalesce(b.meaning, CASE WHEN c.time_band IS NOT NULL THEN '?' END) AS band_word,
        coalesce(q.meaning, CASE WHEN c.quality IS NOT NULL THEN '?' END) AS quality_word,
        coalesce(g.meaning, CASE WHEN c.stage IS NOT NULL THEN '?' END) AS stage_word,
        coalesce(a.meaning, CASE WHEN c.basis IS NOT NULL THEN '?' END) AS basis_word,
        CASE WHEN c.shown_as IS NULL OR f.agrees THEN c.held_rule ELSE coalesce(c.held_rule, 'shown_otherwise') END AS cell_rule,
        coalesce(c.unit, f.unit) AS stated_unit, i.moment AS issued, y.number AS yen, w.number AS kw, x.number AS contract, m.number AS moisture
    FROM signed AS c
    LEFT JOIN number_words AS n ON c.quantity IS NULL AND n.role = 'quantity' AND n.text = c.quantity_text AND n.signs = c.signs
    LEFT JOIN agreed_words AS k ON k.column_name = 'reading_kind' AND k.text = c.reading_kind
    LEFT JOIN agreed_words AS b ON b.column_name = 'time_band' AND b.text = c.time_band
    LEFT JOIN agreed_words AS q ON q.column_name = 'quality' AND q.text = c.quality
    LEFT JOIN agreed_words AS g ON g.column_name = 'stage' AND g.text = c.stage
    LEFT JOIN moment_words AS i ON i.text = c.issued_text AND i.form = '' AND i.utc_minutes IS NOT DISTINCT FROM c.utc_minutes
    LEFT JOIN number_words AS y ON y.role = 'yen' AND y.text = c.yen_text AND y.signs = c.yen_signs
    LEFT JOIN number_words AS w ON w.role = 'kw' AND w.text = c.kw_text AND w.signs = c.kw_signs
    LEFT JOIN number_words AS x ON x.role = 'contract' AND x.text = c.contract_text AND x.signs = c.contract_signs
    LEFT JOIN number_words AS m ON m.role = 'moisture' AND m.text = c.moisture_text AND m.signs = c.moisture_signs
    LEFT JOIN agreed_words AS a ON a.column_name = 'basis' AND a.text = c.basis
    LEFT JOIN shown_words AS f ON f.shown_as = c.shown_as AND f.beside IS NOT DISTINCT FROM c.unit
    LEFT JOIN unit_words AS u ON u.text = coalesce(c.unit, f.unit)
)
SELECT
    file_no, line, column_name, key, started_at, ended_at, number AS quantity, stated_unit AS unit, kind_word AS reading_kind,
    band_word AS time_band, quality_word AS quality, stage_word AS stage, CAST(issued AS DATE) AS issued_on,
    yen AS amount_yen, kw AS demand_kw, contract AS contract_kw, substance, note, category,
    basis_word AS basis, moisture AS moisture_percent, laboratory, slip_no, index_before, index_after, evidence_name, quantity_text, is_snapped,
    nullif(concat_ws(', ', CASE WHEN yen IS NULL AND yen_text NOT IN (FROM missing_marks) THEN 'amount_yen「' || yen_text || '」' END,
        CASE WHEN kw IS NULL AND kw_text NOT IN (FROM missing_marks) THEN 'demand_kw「' || kw_text || '」' END,
        CASE WHEN contract IS NULL AND contract_text NOT IN (FROM missing_marks) THEN 'contract_kw「' || contract_text || '」' END,
        CASE WHEN index_of(index_before) IS NULL AND index_before NOT IN (FROM missing_marks) THEN 'index_before「' || index_before || '」' END,
        CASE WHEN index_of(index_after) IS NULL AND index_after NOT IN (FROM missing_marks) THEN 'index_after「' || index_after || '」' END), '') AS side_unread,
    CASE
        WHEN line_rule IS NOT NULL THEN line_rule
        WHEN coalesce(quantity_text, '') = '' OR quantity_text IN (SELECT text FROM missing_marks) THEN 'blank'
        WHEN cell_rule IS NOT NULL THEN cell_rule
        WHEN key IS NULL THEN 'missing_value'
        WHEN coalesce(started_text, '') = '' OR (NOT end_is_implied AND coalesce(ended_text, '') = '') THEN 'missing_value'
        WHEN until_next AND base IS NOT NULL AND ended_at IS NULL THEN 'missing_value'
        WHEN from_previous AND base IS NOT NULL AND started_at IS NULL THEN 'no_reading_day_before'
        WHEN started_at IS NULL OR ended_at IS NULL THEN 'not_a_date'
        WHEN off_minute(started_at) OR off_minute(ended_at) THEN 'off_the_minute'
        WHEN number IS NULL THEN coalesce(number_rule, 'not_a_number')
        WHEN ended_at <= started_at THEN 'ends_before_start'
        WHEN days_disagree THEN 'days_disagree'
        WHEN from_previous AND date_diff('day', started_at, ended_at) > longest_days THEN 'reading_day_missing'
        WHEN for_month IS NOT NULL AND NOT coalesce(is_near_month(ended_at, for_month), false) THEN 'month_disagrees'
        WHEN lacks_unit THEN 'missing_value'
        WHEN units_disagree THEN 'unit_disagrees'
        WHEN issued_text IS NOT NULL AND issued IS NULL THEN 'not_a_date'
        WHEN moisture_text IS NOT NULL AND moisture IS NULL THEN 'not_a_number'
        WHEN '?' IN (kind_word, band_word, quality_word, stage_word, basis_word) THEN 'unknown_word'
    END AS rule_id,
    CASE
        WHEN line_rule IS NOT NULL THEN line_raw
        WHEN cell_rule IS NOT NULL THEN concat_ws(' ', held_by, quantity_text, '[' || shown_as || ']')
        WHEN key IS NULL THEN 'key: (空欄)'
        WHEN coalesce(started_text, '') = '' THEN 'start: (空欄)'
        WHEN NOT end_is_implied AND coalesce(ended_text, '') = '' OR until_next AND ended_at IS NULL THEN 'end: (空欄)'
        WHEN from_previous AND base IS NOT NULL AND started_at IS NULL THEN started_text
        WHEN started_at IS NULL OR off_minute(started_at) THEN started_text
        WHEN ended_at IS NULL OR off_minute(ended_at) THEN ended_text
        WHEN number IS NULL THEN quantity_text
        WHEN ended_at <= started_at THEN concat_ws(' - ', started_text, ended_text)
        WHEN days_disagree THEN concat_ws(' / ', CAST(started_at AS DATE) || '～' || CAST(ended_at AS DATE), days_text)
        WHEN from_previous AND date_diff('day', started_at, ended_at) > longest_days
            THEN concat_ws(' / ', CAST(started_at AS DATE) || '～' || CAST(ended_at AS DATE), longest_days)
        WHEN for_month IS NOT NULL AND NOT coalesce(is_near_month(ended_at, for_month), false)
            THEN concat(started_text, ' - ', ended_text, ' / ', for_month)
        WHEN lacks_unit THEN 'unit: (空欄)'
        WHEN units_disagree THEN concat_ws(' / ', stated_unit, array_to_string(stated_units, ' / '))
        WHEN issued_text IS NOT NULL AND issued IS NULL THEN issued_text
        WHEN moisture_text IS NOT NULL AND moisture IS NULL THEN moisture_text
        WHEN basis_word = '?' THEN basis
        WHEN kind_word = '?' THEN reading_kind
        WHEN band_word = '?' THEN time_band
        WHEN quality_word = '?' THEN quality
        WHEN stage_word = '?' THEN stage
    END AS raw
FROM worded
