-- plain_cells: the value cells of all tables of one shape, read and typed at once; is_plain: nothing about the cell needs a closer look.
-- Strict on purpose: nothing stands where it would have to be understood, the stamps exist and stand on the full minute, an end comes
-- after its start, a quantity is written as a plain decimal that means one thing, no role is missing. Whatever is not plain is read again with care, its whole line, so that no
-- rule exists twice. Rows lie in the order of tables, lines and slots: a row's id tells its line.
-- Inputs: the files themselves, no_line (the columns of all roles, no row). Parameters: paths and file_nos, columns (names by role),
-- header_line, delimiter, longest (line) and buffer (at once) in bytes, slots, has_time, has_unit, has_last_care, semicolons, and what the layout states for all rows: meter, unit,
-- reading_kind, end_shift_minutes.
WITH lines AS (
    SELECT file_index, * FROM read_csv(
        $paths, columns = $columns, auto_detect = false, header = false, skip = $header_line, delim = $delimiter, quote = '', escape = '', nullstr = $nothing,
        null_padding = true, ignore_errors = true, max_line_size = $longest, buffer_size = $buffer)
    UNION ALL BY NAME
    FROM no_line
),
read AS (
    SELECT
        $file_nos[CAST(file_index AS BIGINT) + 1] AS file_no, coalesce($meter, nullif(trim(meter), '')) AS whose,
        nullif(trim(meter_part), '') AS part,
        plain_moment(CASE WHEN NOT $has_time THEN "start" WHEN trim("time") NOT LIKE '24:%' THEN trim("start") || ' ' || trim("time") END) AS base,
        minutes_later(plain_moment("end"), $end_shift_minutes) AS base_end,
        nullif(trim(unit), '') AS unit, greatest(last_care, *COLUMNS('^care_')) AS needs_care, $has_last_care AND last_care IS NULL AS is_short, [*COLUMNS('^quantity_')] AS quantities
    FROM lines
),
slotted AS (
    SELECT * EXCLUDE (quantities), unnest(quantities) AS quantity_text, unnest(CAST($slots AS slot[])) AS slot FROM read
),
typed AS (
    SELECT
        file_no, slot.name AS column_name,
        CASE WHEN part IS NULL AND slot.meter IS NULL THEN whose WHEN whose IS NOT NULL THEN concat_ws('/', whose, part, slot.meter) END AS key,
        minutes_later(base, slot.start_minutes) AS started_at,
        CASE WHEN slot.end_minutes IS NULL THEN base_end ELSE minutes_later(base, slot.end_minutes) END AS ended_at,
        CASE WHEN regexp_full_match(quantity_text, '-?[0-9]{1,12}(?:[.][0-9]{1,6})?')
                AND NOT ($semicolons AND regexp_full_match(quantity_text, '-?[1-9][0-9]{0,2}[.][0-9]{3}')) THEN try_cast(quantity_text AS DECIMAL(18, 6)) END AS quantity,
        coalesce(unit, slot.unit, $unit) AS unit, CAST($reading_kind AS layout_word) AS reading_kind, slot.time_band AS time_band,
        coalesce(needs_care, '') <> '' OR is_short OR $has_unit AND unit IS NULL AND $unit IS NULL AS needs_care
    FROM slotted
)
SELECT
    * EXCLUDE (needs_care),
    coalesce(NOT needs_care AND key IS NOT NULL AND quantity IS NOT NULL AND ended_at > started_at
        AND NOT off_minute(started_at) AND NOT off_minute(ended_at), false) AS is_plain
FROM typed
