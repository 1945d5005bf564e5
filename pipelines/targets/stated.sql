-- stated: every judged case with the state of its year. Where only the last months of a year that is being collected are
-- still to come, that is what its reasons say first, not that data are missing.
-- Inputs: judged, subject_states, late_months. Parameter: this_year.
WITH keyed AS (
    SELECT *, CASE WHEN facility_id IS NULL THEN 'target/' || target_id ELSE 'facility/' || facility_id END AS subject_key
    FROM judged
)
SELECT k.* EXCLUDE (subject_key) REPLACE (
        CASE WHEN k.verdict = 'undeterminable' AND l.collecting_note IS NOT NULL THEN concat_ws(';', 'collecting',
            reason_list(array_to_string(list_filter(listed(k.reasons), lambda r: l.has_gap OR r <> 'missing_data'), ';')))
        ELSE k.reasons END AS reasons),
    coalesce(s.year_state, CASE WHEN k.fiscal_year >= CAST($this_year AS INTEGER) THEN 'running' ELSE 'closed' END) AS year_state,
    l.collecting_note
FROM keyed AS k
LEFT JOIN subject_states AS s ON s.subject_key = k.subject_key AND s.fiscal_year = k.fiscal_year
LEFT JOIN late_months AS l ON l.subject_key = k.subject_key AND l.fiscal_year = k.fiscal_year AND l.basis = k.basis
