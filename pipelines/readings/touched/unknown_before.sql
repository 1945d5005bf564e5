-- unknown_before: the words of earlier files that name nothing in the registers. Input: last.unknown_names.
SELECT word, source_kind, unit, reading_kind, values_held, first_at, last_at, path, layout FROM last.unknown_names
