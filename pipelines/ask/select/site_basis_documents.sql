-- site_basis_documents: one row per source, shown fiscal year, file (with its member) and unit: the values in use that touch the year, how many, their
-- sum as read, and between which lines. A value over the turn of the year stands in both years.
-- Reads site_basis_sources, current_readings, activity_readings, source_files, yearly_total_quantities, site_basis_years.
WITH wanted AS (
    SELECT DISTINCT source_kind, source_id, fiscal_year FROM site_basis_sources
),
files AS (
    SELECT sha256, min(source || '/' || path ORDER BY received_at, source, path) AS path FROM source_files WHERE status = 'read' GROUP BY sha256
),
read_values AS (
    SELECT 'meter' AS source_kind, meter_id AS source_id, source_sha256, source_member, source_line, unit, quantity, started_at, ended_at
    FROM current_readings
    UNION ALL
    SELECT 'activity' AS source_kind, activity_source_id AS source_id, source_sha256, source_member, source_line, unit, quantity, started_at, ended_at
    FROM activity_readings
    WHERE known_to IS NULL
),
by_file AS (
    SELECT source_kind, source_id, fiscal_year_of(started_at) AS first_year, fiscal_year_of(ended_at - INTERVAL 1 MICROSECOND) AS last_year,
        source_sha256, source_member, unit, count(*) AS readings, sum(quantity) AS quantity, min(source_line) AS first_line,
        max(source_line) AS last_line, CAST(min(started_at) AS DATE) AS first_date, CAST(max(ended_at - INTERVAL 1 MICROSECOND) AS DATE) AS last_date
    FROM read_values
    GROUP BY ALL
)
SELECT w.source_kind, w.source_id, w.fiscal_year, f.path, r.source_member, r.unit, sum(r.readings) AS readings, sum(r.quantity) AS quantity,
    min(r.first_line) AS first_line, max(r.last_line) AS last_line, min(r.first_date) AS first_date, max(r.last_date) AS last_date
FROM by_file AS r
JOIN wanted AS w ON w.source_kind = r.source_kind AND w.source_id = r.source_id AND w.fiscal_year BETWEEN r.first_year AND r.last_year
JOIN files AS f ON f.sha256 = r.source_sha256
GROUP BY w.source_kind, w.source_id, w.fiscal_year, f.path, r.source_member, r.unit
UNION ALL
SELECT 'yearly_total', q.yearly_total_id, q.fiscal_year, concat_ws(' ', q.document, q.page), q.source_member, q.unit, 1, q.quantity,
    coalesce(q.source_line, 0), coalesce(q.source_line, 0), make_date(q.fiscal_year, 4, 1), make_date(q.fiscal_year + 1, 3, 31)
FROM yearly_total_quantities AS q
SEMI JOIN site_basis_years AS y ON y.facility_id = q.subject_id AND y.fiscal_year = q.fiscal_year
WHERE q.subject_kind = 'facility'
ORDER BY ALL
