-- verdict_changes: the cases of closed years whose verdict, target, allowed amount or judged facilities differ from what was
-- published last, those that are gone and those that are new in a year published as closed (where an operator's is not: once it is).
-- is_moved: its actual amount or its baseline differs too. Inputs: present_verdicts, last_verdicts.
WITH closed_years AS (
    SELECT fiscal_year, bool_and(is_closed) AS is_closed_by_all FROM last_verdicts GROUP BY fiscal_year HAVING bool_or(is_closed)
),
paired AS (
    SELECT
        coalesce(p.subject_key, l.subject_key) AS subject_key, coalesce(p.subject_kind, l.subject_kind) AS subject_kind,
        coalesce(p.subject_id, l.subject_id) AS subject_id, coalesce(p.fiscal_year, l.fiscal_year) AS fiscal_year,
        coalesce(p.basis, l.basis) AS basis, l.verdict AS before_verdict, p.verdict AS after_verdict,
        l.target_id AS before_target_id, p.target_id AS after_target_id, l.allowed_co2e_kg AS before_allowed_co2e_kg,
        p.allowed_co2e_kg AS after_allowed_co2e_kg, l.allowed_high_co2e_kg AS before_allowed_high, p.allowed_high_co2e_kg AS after_allowed_high,
        l.actual_low_co2e_kg AS before_low_co2e_kg, p.actual_low_co2e_kg AS after_low_co2e_kg,
        l.actual_high_co2e_kg AS before_high_co2e_kg, p.actual_high_co2e_kg AS after_high_co2e_kg,
        l.facilities AS before_facilities, p.facilities AS after_facilities, l.facility_ids AS before_ids, p.facility_ids AS after_ids,
        l.actual_low_co2e_kg IS DISTINCT FROM p.actual_low_co2e_kg OR l.actual_high_co2e_kg IS DISTINCT FROM p.actual_high_co2e_kg
            OR l.baseline_low_co2e_kg IS DISTINCT FROM p.baseline_low_co2e_kg
            OR l.baseline_high_co2e_kg IS DISTINCT FROM p.baseline_high_co2e_kg AS is_moved
    FROM present_verdicts AS p
    FULL JOIN last_verdicts AS l ON l.subject_key = p.subject_key AND l.fiscal_year = p.fiscal_year AND l.basis = p.basis
    LEFT JOIN closed_years AS y ON y.fiscal_year = p.fiscal_year
    WHERE l.is_closed OR l.subject_key IS NULL AND y.fiscal_year IS NOT NULL AND (p.is_closed OR y.is_closed_by_all)
)
SELECT
    * EXCLUDE (before_ids, after_ids, before_allowed_high, after_allowed_high),
    before_verdict IS NOT NULL AND (after_verdict IS NULL OR
        list_position(['not_achieved', 'undeterminable', 'achieved'], after_verdict)
        > list_position(['not_achieved', 'undeterminable', 'achieved'], before_verdict)) AS is_improved,
    nullif(array_to_string(list_filter(string_split(before_ids, ';'), lambda f: NOT list_contains(string_split(after_ids, ';'), f)), ';'), '')
        AS left_facility_ids,
    nullif(array_to_string(list_filter(string_split(after_ids, ';'), lambda f: NOT list_contains(string_split(before_ids, ';'), f)), ';'), '')
        AS joined_facility_ids
FROM paired
WHERE before_verdict IS DISTINCT FROM after_verdict OR before_target_id IS DISTINCT FROM after_target_id
    OR before_allowed_co2e_kg IS DISTINCT FROM after_allowed_co2e_kg OR before_allowed_high IS DISTINCT FROM after_allowed_high
    OR before_ids <> after_ids
ORDER BY fiscal_year DESC, subject_key, basis
