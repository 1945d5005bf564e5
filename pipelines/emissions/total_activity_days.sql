-- total_activity_days: the yearly totals of activities in the form of days, first and last of their year, so that the statements that
-- choose the factors of activities choose them for the totals too. Inputs: yearly_total_quantities, activities.
SELECT t.yearly_total_id AS activity_source_id, CASE t.subject_kind WHEN 'facility' THEN t.subject_id END AS facility_id,
    t.source_type AS activity, CAST(NULL AS VARCHAR) AS substance,
    CAST(unnest([make_date(t.fiscal_year, 4, 1), make_date(t.fiscal_year + 1, 3, 31)]) AS DATE) AS local_date, t.quantity, t.unit,
    'measured' AS state, CAST(NULL AS VARCHAR) AS doubts, CAST(NULL AS VARCHAR) AS overridden, false AS expected,
    CAST(NULL AS VARCHAR) AS derived_from, CAST(NULL AS DECIMAL(18, 6)) AS low_quantity, CAST(NULL AS DECIMAL(18, 6)) AS high_quantity
FROM yearly_total_quantities AS t
JOIN activities AS a ON a.activity = t.source_type
