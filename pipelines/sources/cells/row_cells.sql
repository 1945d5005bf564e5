-- row_cells: one row per value cell of the tables whose columns play fixed roles: every slot of every line. A line that ends before the
-- last role lacks something; one single cell of words is a note, one of letters and digits alone the beginning of a row.
-- 24:00 ends a day and begins none: where the stamp is the start of a slot, it is told.
-- Inputs: raw_rows, parse_parts (the roles and slots of each part's layout).
WITH slotted AS (
    SELECT r.file_no, r.line, r.cells, p.columns AS c, p.meter, p.unit, p.reading_kind, p.width, p.has_words, p.words, p.has_missing, p.missing,
        p.is_period, p.last_role, p.of_file_start, p.of_file_end, p.of_file_note, p.of_file_event, r.torn_place, r.torn_raw,
        unnest(p.slots) AS slot
    FROM raw_rows AS r
    JOIN parse_parts AS p ON p.file_no = r.file_no
    WHERE NOT r.is_total
),
placed AS (
    SELECT
        *,
        coalesce(meter, nullif(trim(cells[c.meter]), ''), nullif(trim(cells[c.meter_else]), '')) AS whose,
        CASE WHEN of_file_start IS NOT NULL THEN of_file_start WHEN c.time IS NULL THEN cells[c.start] WHEN slot.start_minutes >= 0 AND trim(cells[c.time]) IN ('24:00', '24:00:00')
            THEN trim(cells[c.start]) || ' ' || trim(cells[c.time]) || ' 始まり / start' ELSE trim(cells[c.start]) || ' ' || trim(cells[c.time]) END AS stamp,
        trim(cells[slot.position]) AS quantity, list_filter(cells, lambda cell: trim(cell) <> '') AS filled
    FROM slotted
)
SELECT
    file_no, line, slot.name AS column_name,
    CASE WHEN whose IS NOT NULL THEN concat_ws('/', whose, nullif(trim(cells[c.meter_part]), ''), slot.meter) END AS key,
    CASE WHEN is_period THEN period_start(stamp) ELSE stamp END AS started_text,
    CASE WHEN is_period THEN period_end(stamp) ELSE coalesce(of_file_end, cells[c."end"]) END AS ended_text,
    slot.start_minutes AS start_minutes, slot.end_minutes AS end_minutes, slot.month AS month_of_year, cells[c.days] AS days_text,
    unless_missing(has_missing, missing, quantity) AS quantity_text,
    coalesce(nullif(trim(cells[slot.unit_position]), ''), nullif(trim(cells[c.unit]), ''), slot.unit, unit) AS unit,
    coalesce(slot.unit_position, c.unit) IS NOT NULL AS has_unit_column,
    coalesce(reading_kind, our_word(has_words, words, 'reading_kind', cells[c.reading_kind])) AS reading_kind,
    coalesce(slot.time_band, our_word(has_words, words, 'time_band', cells[c.time_band])) AS time_band,
    our_word(has_words, words, 'quality', cells[c.quality]) AS quality, our_word(has_words, words, 'stage', cells[c.stage]) AS stage,
    cells[c.issued] AS issued_text, unless_missing(has_missing, missing, unless_torn(torn_place, c.yen, cells[c.yen])) AS yen_text,
    unless_missing(has_missing, missing, unless_torn(torn_place, c.demand_kw, cells[c.demand_kw])) AS kw_text,
    unless_missing(has_missing, missing, unless_torn(torn_place, c.contract_kw, cells[c.contract_kw])) AS contract_text,
    coalesce(nullif(trim(cells[c.substance]), ''), of_file_event) AS substance, coalesce(nullif(trim(cells[c.note]), ''), of_file_note) AS note, cells[c.category] AS category, cells[c.basis] AS basis,
    cells[c.moisture] AS moisture_text, cells[c.laboratory] AS laboratory, cells[c.slip] AS slip_no, cells[c.index_before] AS index_before,
    cells[c.index_after] AS index_after, cells[c.evidence] AS evidence_name, cells[c.for_month] AS for_month,
    CASE WHEN cells[1] = unclosed_mark() THEN 'unclosed_quote'
        WHEN len(cells) > width AND trim(array_to_string(cells[width + 1:], '')) <> '' THEN 'too_many_cells'
        WHEN torn_place IN (-1, slot.position) THEN 'torn_line'
        WHEN len(cells) < last_role AND (len(filled) > 1 OR regexp_full_match(trim(filled[1]), '[!-~]+')) THEN 'too_few_cells'
    END AS line_rule,
    CASE WHEN cells[1] = unclosed_mark() THEN cells[2]
        WHEN torn_place IN (-1, slot.position) THEN torn_raw
        ELSE array_to_string(cells, ',') END AS line_raw
FROM placed
