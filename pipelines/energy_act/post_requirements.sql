-- post_requirements: one row per duty (a post that somebody must hold for a subject) and seat, where a site needs several of
-- one kind.
-- By law: 統括者 and 企画推進者 of a designated operator; at a designated site 管理者 where it is 第一種 of one of the five industries (their
-- number by the size of the last closed year; by its certain part, one where nothing is known), 管理員 elsewhere. By the city's own rule:
-- what stands for both at an operator that is not designated, and the 管理責任者 of each department or facility. A type that the register
-- does not name is what the last closed year shows for certain. needed_from is empty where the day of the designation is not known.
-- Inputs: operators, sites, facilities, facility_spans, site_fiscal_years, appointments, legal_posts, manager_numbers, wanted_posts (post, fallback).
-- Parameters: this_year, responsible_per.
WITH of_operators AS (
    SELECT 'operator' AS duty_of, o.operator_id AS subject_id, o.operator_id,
        CASE WHEN o.designation_no IS NULL THEN w.fallback ELSE w.post END AS post, 1 AS seats,
        CASE WHEN o.designation_no IS NULL THEN 'city' ELSE 'law' END AS required_by,
        CASE WHEN o.designation_no IS NOT NULL THEN o.designated_on END AS needed_from, CAST(NULL AS DATE) AS needed_to
    FROM operators AS o
    CROSS JOIN wanted_posts AS w
    WHERE w.is_operator_post AND (o.designation_no IS NOT NULL OR w.fallback IS NOT NULL)
),
sizes AS (
    SELECT s.*, coalesce(s.designation, CASE WHEN y.type_1_state = 'at_or_above' THEN 'type_1' ELSE 'type_2' END) AS type,
        coalesce(y.site_crude_oil_low_kl, 0) AS kl
    FROM sites AS s
    LEFT JOIN site_fiscal_years AS y
        ON y.operator_id = s.operator_id AND y.site_id = s.site_id AND y.fiscal_year = CAST($this_year AS INTEGER) - 1
    WHERE s.designation_no IS NOT NULL
),
of_sites AS (
    SELECT 'site' AS duty_of, s.site_id AS subject_id, s.operator_id,
        CASE WHEN any_value(n.seats) IS NULL THEN 'エネルギー管理員' ELSE 'エネルギー管理者' END AS post, coalesce(max(n.seats), 1) AS seats,
        'law' AS required_by, s.designated_on AS needed_from, CAST(NULL AS DATE) AS needed_to
    FROM sizes AS s
    LEFT JOIN manager_numbers AS n ON s.type = 'type_1' AND n.business_kind = s.business_kind AND s.kl >= n.from_kl
    GROUP BY s.site_id, s.operator_id, s.designated_on
),
-- a facility of a designated site has that site's post; one with a 管理責任者 of its own is no longer its department's
open_spans AS (
    SELECT s.facility_id, s.operator_id, s.department, coalesce(o.facility_id IS NOT NULL OR $responsible_per = 'facility', false) AS is_own,
        greatest(s.valid_from, coalesce(f.opened_on, s.valid_from)) AS since,
        least(s.valid_to, coalesce(f.closed_on, s.valid_to)) AS until
    FROM facility_spans AS s
    JOIN facilities AS f ON f.facility_id = s.facility_id
    LEFT JOIN (SELECT DISTINCT facility_id FROM appointments WHERE post = 'エネルギー管理責任者') AS o ON o.facility_id = s.facility_id
    WHERE NOT EXISTS (FROM of_sites AS d WHERE d.subject_id = coalesce(s.site_id, s.facility_id) AND d.operator_id = s.operator_id)
),
of_city AS (
    SELECT CASE WHEN is_own THEN 'facility' ELSE 'department' END AS duty_of,
        CASE WHEN is_own THEN facility_id ELSE department END AS subject_id, operator_id,
        'エネルギー管理責任者' AS post, 1 AS seats, 'city' AS required_by, min(since) AS needed_from, max(until) AS needed_to
    FROM open_spans
    WHERE $responsible_per <> 'none' AND since < until
    GROUP BY is_own, subject_id, operator_id
    HAVING subject_id IS NOT NULL
),
wanted AS (
    FROM of_operators UNION ALL BY NAME FROM of_sites UNION ALL BY NAME FROM of_city
)
SELECT
    concat_ws('/', w.duty_of, w.operator_id, w.subject_id, w.post) AS duty_id, w.duty_of, w.subject_id, w.operator_id, w.post, CAST(unnest(range(1, w.seats + 1)) AS INTEGER) AS seat_no, w.required_by,
    nullif(w.needed_from, DATE '0001-01-01') AS needed_from, nullif(w.needed_to, DATE '9999-12-31') AS needed_to,
    CASE WHEN w.required_by = 'law' THEN TRY_CAST(regexp_extract(l.deadline, 'within ([0-9]+) months', 1) AS INTEGER) END AS within_months,
    CASE WHEN w.required_by = 'city' THEN 'none' WHEN w.post = 'エネルギー管理者' THEN 'licence'
        WHEN w.post IN ('エネルギー管理企画推進者', 'エネルギー管理員') THEN 'course_or_licence' ELSE 'none' END AS qualification_needed,
    CASE WHEN w.required_by = 'law' THEN l.article END AS article, CASE WHEN w.required_by = 'law' THEN l.form END AS form
FROM wanted AS w
LEFT JOIN legal_posts AS l ON l.item = 'appointment' AND l.who_ja = w.post
