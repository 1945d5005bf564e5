-- last_verdicts: one row per case, fiscal year and basis: what was published of it last; the last is so by its place. What was
-- once published as closed stays closed, whatever day or setting a later night had.
-- Inputs: published_verdicts, publications.
SELECT v.* REPLACE (bool_or(v.is_closed) OVER (PARTITION BY v.subject_key, v.fiscal_year, v.basis) AS is_closed)
FROM published_verdicts AS v
LEFT JOIN publications AS n ON n.run_id = v.run_id
QUALIFY row_number() OVER (
    PARTITION BY v.subject_key, v.fiscal_year, v.basis ORDER BY coalesce(n.rowid, -1) DESC, v.published_time DESC, v.run_id DESC) = 1
