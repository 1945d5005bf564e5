-- plain_cells: the value cells of one shape of layout, typed at once; is_plain: nothing about the cell needs a closer look.
-- Strict on purpose: a plain stamp on the full minute, a plain decimal, an end after its start, no other cell filled that has
-- a role. Whatever is not plain is read again with care, its whole line, so that no rule exists twice.
-- Inputs: raw_lines, parse_parts. Parameters: shape, delimiter, slots, the columns of the roles (empty: none), careful_columns
-- (must be empty here), width, and what the layout states for all rows: meter, unit, reading_kind, end_shift_minutes.
WITH cut AS (
    SELECT p.file_no, l.rowid - p.first_row + 1 AS line, string_split(l.text, $delimiter) AS cells
    FROM raw_lines AS l
    JOIN parse_parts AS p ON p.file_index = l.file_index
    WHERE p.shape = $shape AND l.rowid - p.first_row + 1 > p.header_line AND l.text IS NOT NULL
),
keyed AS (
    SELECT
        file_no, line, cells, coalesce($meter, nullif(trim(cells[$meter_at]), '')) AS whose, nullif(trim(cells[$part_at]), '') AS part,
        plain_moment(trim(CASE WHEN $time_at IS NULL THEN cells[$start_at] ELSE trim(cells[$start_at]) || ' ' || trim(cells[$time_at]) END)) AS base,
        plain_moment(trim(cells[$end_at])) + to_minutes($end_shift_minutes) AS base_end, nullif(trim(cells[$unit_at]), '') AS unit,
        len(cells) <= $width AND cells[1] <> unclosed_mark()
            AND coalesce(trim(array_to_string(list_select(cells, $careful_columns), '')) = '', true) AS is_bare
    FROM cut
),
slotted AS (
    SELECT *, unnest($slots) AS slot FROM keyed
),
typed AS (
    SELECT
        file_no, line, slot.name AS column_name, concat_ws('/', whose, part, slot.meter) AS key,
        base + to_minutes(slot.start_minutes) AS started_at,
        CASE WHEN slot.end_minutes IS NULL THEN base_end ELSE base + to_minutes(slot.end_minutes) END AS ended_at,
        plain_decimal(trim(cells[slot.position])) AS quantity, coalesce(unit, slot.unit, $unit) AS unit,
        CAST($reading_kind AS VARCHAR) AS reading_kind, slot.time_band AS time_band, is_bare AND whose IS NOT NULL AS is_bare
    FROM slotted
)
SELECT
    * EXCLUDE (is_bare),
    coalesce(is_bare AND quantity IS NOT NULL AND ended_at > started_at AND NOT off_minute(started_at) AND NOT off_minute(ended_at), false)
        AS is_plain
FROM typed
