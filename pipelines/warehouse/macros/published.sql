-- Functions that the published views need; the file carries them, so that any reader can open those views.

CREATE OR REPLACE MACRO fiscal_year_of(d) AS CAST(year(d) - CASE WHEN month(d) < 4 THEN 1 ELSE 0 END AS INTEGER);

-- is_energy: whether a meter's quantity enters sums of energy and CO2; water is shown as a volume and enters none.
CREATE OR REPLACE MACRO is_energy(energy_type) AS energy_type <> 'water';

-- is_of_path: whether a verdict of a subject (facility/F1, target/T1) was given under a target that is none of its own: indicative, or a facility's
-- by a target of something larger.
CREATE OR REPLACE MACRO is_of_path(subject_key, target_id, target_subject_kind, path_status) AS target_id IS NOT NULL
        AND (path_status IS NOT DISTINCT FROM 'indicative' OR subject_key LIKE 'facility/%' AND target_subject_kind IS DISTINCT FROM 'facility');

-- half_even9: the product of two decimals, rounded half-even to nine places. A whole number of billionths that is less than half a
-- billionth away from the exact product is the rounded one, however it was guessed; only where the guess in floating point fails, and
-- at ties, is the product itself rounded (a cast rounds half away from zero, so a tie is taken back to even), which costs ten times as much.
CREATE OR REPLACE MACRO guessed9(a, b) AS CAST(CAST(round(least(greatest(CAST(a AS DOUBLE) * CAST(b AS DOUBLE) * 1e9, -9e17), 9e17))
        AS BIGINT) AS DECIMAL(18, 0)) * 0.000000001;
CREATE OR REPLACE MACRO rounded9(x) AS CASE
        WHEN x - CAST(x AS DECIMAL(38, 9)) IN (0.0000000005, -0.0000000005)
            AND CAST(CAST(x AS DECIMAL(38, 9)) * 1000000000 AS HUGEINT) % 2 <> 0
        THEN CAST(x AS DECIMAL(38, 9)) + CASE WHEN x < 0 THEN 0.000000001 ELSE -0.000000001 END
        ELSE CAST(x AS DECIMAL(38, 9)) END;
CREATE OR REPLACE MACRO half_even9(a, b) AS CASE
        WHEN abs(a * b - guessed9(a, b)) < 0.0000000005 THEN CAST(guessed9(a, b) AS DECIMAL(38, 9))
        ELSE rounded9(a * b) END;
