"""The lists for people as SELECTs on the published file."""

from __future__ import annotations

FLAGS = """
SELECT f.flag_id, f.facility_id, coalesce(n.name, '') AS name, f.rule_id, f.severity, f.fiscal_year, f.message_ja AS ja, f.message_en AS en,
    f.co2e_at_stake_kg AS stake, concat_ws(' ', f.owner_post, f.owner_person_id) AS owner, f.state
FROM flags AS f
LEFT JOIN facilities AS n ON n.facility_id = f.facility_id
ORDER BY f.severity <> 'error', f.co2e_at_stake_kg DESC NULLS LAST, f.facility_id, f.rule_id
"""
FACILITIES = """
SELECT r.facility_id, f.name, f.department, f.use_class, r.fiscal_year, r.basis, r.target_id, r.verdict, r.is_inherited,
    r.actual_low_co2e_kg, r.actual_high_co2e_kg, r.baseline_low_co2e_kg, r.baseline_high_co2e_kg, r.allowed_co2e_kg, r.coverage, r.reasons,
    r.year_state, r.collecting_note
FROM facility_results AS r
JOIN facilities AS f ON f.facility_id = r.facility_id
WHERE r.fiscal_year = $year
ORDER BY r.facility_id, r.basis
"""
POSTS = """
SELECT p.facility_id, f.name AS facility_name, p.required_post, p.post, p.person_id, p.name, p.position, p.is_vacant
FROM post_holders AS p
JOIN facilities AS f ON f.facility_id = p.facility_id
ORDER BY p.facility_id, p.required_post
"""
FILE_PROBLEMS = """
SELECT source || '/' || path AS path, reason AS ja, reason_en AS en FROM source_files WHERE status = 'unreadable'
UNION ALL
SELECT subject, message_ja, message_en FROM findings
WHERE rule_id IN ('not_a_file', 'received_row', 'unreadable_folder', 'remote_name', 'file_too_large')
ORDER BY path
"""
HELD_BACK = """
SELECT s.source || '/' || s.path AS path, q.source_member AS member, q.source_line AS line, q.source_column AS "column",
    q.rule_id, q.raw, q.reason AS ja, q.reason_en AS en
FROM quarantine AS q
JOIN source_files AS s ON s.sha256 = q.source_sha256 AND s.status = 'read'
QUALIFY row_number() OVER (PARTITION BY q.source_sha256, q.source_member, q.source_line, q.source_column, q.rule_id
    ORDER BY s.path = q.source_member DESC NULLS LAST, s.source, s.path) = 1
ORDER BY s.received_at DESC, path, line, "column"
"""
VERDICTS = """
SELECT CASE WHEN verdict = 'undeterminable' AND year_state = 'collecting' AND collecting_note IS NOT NULL THEN 'collecting'
    ELSE verdict END AS verdict, count(*) AS facilities
FROM facility_results WHERE fiscal_year = $year GROUP BY ALL ORDER BY ALL
"""
RESTATEMENTS = """
SELECT r.published_time, r.facility_id, f.name, r.fiscal_year, r.basis, r.year_rule, r.before_co2e_kg, r.after_co2e_kg,
    r.data_co2e_kg, r.register_co2e_kg, r.factor_co2e_kg, r.method_co2e_kg, r.inputs_changed, r.run_id
FROM restatements AS r
LEFT JOIN facilities AS f ON f.facility_id = r.facility_id
WHERE r.published_time >= CAST($since AS TIMESTAMP)
ORDER BY r.published_time DESC, r.facility_id, r.fiscal_year, r.basis, r.year_rule
"""
VERDICT_RESTATEMENTS = """
SELECT r.*, coalesce(f.name, '') AS name
FROM verdict_restatements AS r
LEFT JOIN facilities AS f ON r.subject_key = 'facility/' || f.facility_id
WHERE r.published_time >= CAST($since AS TIMESTAMP)
ORDER BY r.published_time DESC, r.fiscal_year DESC, r.subject_key, r.basis
"""
YEARS = """
SELECT y.operator_id, o.name, y.fiscal_year, y.year_state, y.closing_date, y.closed_on, y.document_no, c.closed_by,
    (SELECT count(DISTINCT r.facility_id) FROM facility_results AS r
        JOIN facility_spans AS s ON s.facility_id = r.facility_id AND s.operator_id = y.operator_id
            AND s.valid_from < make_date(y.fiscal_year + 1, 4, 1) AND s.valid_to > make_date(y.fiscal_year, 4, 1)
        WHERE r.fiscal_year = y.fiscal_year AND r.verdict = 'undeterminable') AS undeterminable
FROM operator_years AS y
JOIN operators AS o ON o.operator_id = y.operator_id
LEFT JOIN year_closings AS c ON c.operator_id = y.operator_id AND c.fiscal_year = y.fiscal_year
WHERE y.fiscal_year = coalesce($year, y.fiscal_year)
ORDER BY y.fiscal_year DESC, y.operator_id
"""
EDITION_DIFFERENCES = """
SELECT * FROM official_edition_differences
WHERE subject_kind = 'city' AND basis = 'plan'
ORDER BY purpose, fiscal_year
"""
PUBLISHED_DIFFERENCES = """
SELECT * FROM published_total_differences ORDER BY document, fiscal_year, subject, basis
"""
BASE_YEARS = """
SELECT l.*, t.subject_kind, t.subject_id
FROM base_year_lines AS l
JOIN targets AS t ON t.target_id = l.target_id
QUALIFY count(DISTINCT l.co2e_kg) OVER (PARTITION BY l.target_id) > 1
ORDER BY l.target_id, l.line
"""
# values that end after the day of the run: how many, and the last day of them
AFTER_TODAY = "SELECT count(*), max(CAST(ended_at AS DATE)) FROM quarantine WHERE rule_id = 'in_the_future'"
