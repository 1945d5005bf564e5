-- reading_doubts: one row per meter or activity source, period and rule by which what was received contradicts itself or is held back.
-- Inputs: displaces_several, two_values, equal_rows, no_longer_sent, held_back.
SELECT *, false AS is_lifted FROM displaces_several
UNION ALL BY NAME SELECT *, false AS is_lifted FROM two_values
UNION ALL BY NAME SELECT *, false AS is_lifted FROM equal_rows
UNION ALL BY NAME SELECT *, false AS is_lifted FROM no_longer_sent
UNION ALL BY NAME FROM held_back
