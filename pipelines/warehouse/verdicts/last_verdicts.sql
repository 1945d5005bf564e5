-- last_verdicts: one row per case, fiscal year and basis: what was published of it last. Input: published_verdicts.
SELECT * FROM published_verdicts
QUALIFY row_number() OVER (PARTITION BY subject_key, fiscal_year, basis ORDER BY published_time DESC, run_id DESC) = 1
