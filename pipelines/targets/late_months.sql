-- late_months: one row per subject and basis of the year being collected in which a source lacks data: the last months of each
-- type that are still to come, and whether a source lacks anything else. Months count as last where the source lacks data in
-- all of them up to March; a gap before is missing. Inputs: members, subject_states, emissions_by_source_month.
WITH months AS (
    SELECT m.subject_key, e.fiscal_year, e.basis, e.source_kind, e.source_id, e.source_type, e.month,
        bool_or(coalesce(list_contains(string_split(e.reasons, ';'), 'missing_data'), false)) AS is_lacking
    FROM members AS m
    JOIN subject_states AS s ON s.subject_key = m.subject_key AND s.year_state = 'collecting'
    JOIN emissions_by_source_month AS e
        ON e.facility_id = m.facility_id AND e.valid_from = m.valid_from AND e.fiscal_year = s.fiscal_year
    WHERE e.is_in_force
    GROUP BY ALL
),
placed AS (
    SELECT *,
        is_lacking AND coalesce(bool_and(is_lacking) OVER later, true)
            AND max(month) OVER source = make_date(fiscal_year + 1, 3, 1) AS is_late
    FROM months
    WINDOW source AS (PARTITION BY subject_key, fiscal_year, basis, source_kind, source_id),
        later AS (PARTITION BY subject_key, fiscal_year, basis, source_kind, source_id ORDER BY month
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
),
by_type AS (
    SELECT subject_key, fiscal_year, basis, source_type, min(month) FILTER (is_late) AS first_month,
        max(month) FILTER (is_late) AS last_month, bool_or(is_lacking AND NOT is_late) AS has_gap
    FROM placed
    WHERE is_lacking
    GROUP BY ALL
)
SELECT subject_key, fiscal_year, basis, bool_or(has_gap) AS has_gap,
    string_agg(source_type || ':' || strftime(first_month, '%Y-%m') || '..' || strftime(last_month, '%Y-%m'), ';' ORDER BY source_type)
        FILTER (first_month IS NOT NULL) AS collecting_note
FROM by_type
GROUP BY subject_key, fiscal_year, basis
