-- reading_doubts: one row per meter or activity source, period and rule by which what was received contradicts itself or is held back.
-- Inputs: displaces_several, two_values, equal_rows, no_longer_sent, held_back.
SELECT * FROM displaces_several
UNION ALL BY NAME SELECT * FROM two_values
UNION ALL BY NAME SELECT * FROM equal_rows
UNION ALL BY NAME SELECT * FROM no_longer_sent
UNION ALL BY NAME SELECT * FROM held_back
