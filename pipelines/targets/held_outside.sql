-- held_outside: one row per facility, fiscal year, basis and side in which values of a main meter or an activity source lie wholly after
-- its validity has ended, or before it began: whether the facility uses them is not known before the register is mended or the rows are
-- discarded, so that its year, and that of every subject with it, has no upper bound.
-- Inputs: outside_rows, emissions_by_source_month.
WITH spans AS (
    SELECT facility_id, side, source_kind, CAST(started_at AS DATE) AS first_date, CAST(ended_at - INTERVAL 1 MICROSECOND AS DATE) AS last_date
    FROM outside_rows
    WHERE is_main AND is_wholly
)
SELECT facility_id, fiscal_year, basis, side, min(greatest(first_date, make_date(fiscal_year, 4, 1))) AS first_date
FROM (
    SELECT facility_id, side, source_kind, first_date,
        CAST(unnest(range(fiscal_year_of(first_date), fiscal_year_of(last_date) + 1)) AS INTEGER) AS fiscal_year
    FROM spans) AS y
JOIN (SELECT DISTINCT source_kind, basis FROM emissions_by_source_month) AS b ON b.source_kind = y.source_kind
GROUP BY facility_id, fiscal_year, basis, side
