-- plain_cells: the value cells of one shape of layout, typed at once; is_plain: nothing about the cell needs a closer look.
-- Strict on purpose: the whole line is as plain.py says it must be written, its stamps exist and stand on the full minute, an end
-- comes after its start. Whatever is not plain is read again with care, its whole line, so that no rule exists twice.
-- Inputs: raw_lines, parse_parts. Parameters: shape, delimiter, pattern (of a plain line), slots and their positions, the columns
-- of the roles (empty: none), and what the layout states for all rows: meter, unit, reading_kind, end_shift_minutes.
WITH cut AS (
    SELECT
        p.file_no, l.rowid - p.first_row + 1 AS line, string_split(l.text, $delimiter) AS cells,
        regexp_full_match(l.text, $pattern) AS is_plain
    FROM raw_lines AS l
    JOIN parse_parts AS p ON p.file_index = l.file_index
    WHERE p.shape = $shape AND l.rowid - p.first_row + 1 > p.header_line AND l.text IS NOT NULL
),
keyed AS (
    SELECT
        file_no, line, is_plain, coalesce($meter, cells[$meter_at]) AS whose, nullif(cells[$part_at], '') AS part,
        CASE WHEN is_plain AND $time_at IS NOT NULL THEN try_cast(cells[$start_at] || ' ' || cells[$time_at] AS TIMESTAMP)
            WHEN is_plain THEN try_cast(cells[$start_at] AS TIMESTAMP) END AS base,
        CASE WHEN is_plain THEN try_cast(cells[$end_at] AS TIMESTAMP) END + to_minutes($end_shift_minutes) AS base_end,
        nullif(cells[$unit_at], '') AS unit, list_select(cells, $positions) AS quantities
    FROM cut
),
slotted AS (
    SELECT * EXCLUDE (quantities), unnest(quantities) AS quantity_text, unnest($slots) AS slot FROM keyed
),
typed AS (
    SELECT
        file_no, line, slot.name AS column_name, concat_ws('/', whose, part, slot.meter) AS key,
        base + to_minutes(slot.start_minutes) AS started_at,
        CASE WHEN slot.end_minutes IS NULL THEN base_end ELSE base + to_minutes(slot.end_minutes) END AS ended_at,
        CASE WHEN is_plain THEN try_cast(quantity_text AS DECIMAL(18, 6)) END AS quantity, coalesce(unit, slot.unit, $unit) AS unit,
        CAST($reading_kind AS VARCHAR) AS reading_kind, slot.time_band AS time_band
    FROM slotted
)
SELECT
    *, coalesce(quantity IS NOT NULL AND ended_at > started_at AND NOT off_minute(started_at) AND NOT off_minute(ended_at), false) AS is_plain
FROM typed
