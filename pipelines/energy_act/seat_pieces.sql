-- seat_pieces: one row per seat and period between two changes of its appointments, with who holds it (person_id empty: nobody). The most
-- specific appointment decides (facility, site, department, operator), then the latest; the next person takes the next seat. A deputy's
-- row takes nothing from the holder. An appointment holds from its first day on, never before. A seat whose beginning is not known begins
-- with its first appointment. A site's post is one that is held for the site or for a facility of it.
-- Inputs: post_requirements, appointments, facility_spans.
WITH homes AS (
    SELECT DISTINCT coalesce(site_id, facility_id) AS site_id, facility_id, department, operator_id FROM facility_spans
),
matches AS (
    SELECT DISTINCT r.duty_id, a.person_id, a.name, a.appointed_on,
        coalesce(a.ended_on, DATE '9999-12-31') AS ended_on, a.acting_for, a.qualification, a.training_on, a.notified_on, a.approval_document,
        [a.facility_id IS NULL, a.site_id IS NULL, a.department IS NULL, a.operator_id IS NULL] AS generality
    FROM (SELECT DISTINCT duty_id, duty_of, subject_id, operator_id, post FROM post_requirements) AS r
    JOIN appointments AS a ON a.post = r.post AND (a.operator_id IS NULL OR a.operator_id = r.operator_id)
    LEFT JOIN homes AS h ON h.facility_id = a.facility_id
    WHERE CASE r.duty_of
        WHEN 'operator' THEN a.facility_id IS NULL AND a.site_id IS NULL AND a.department IS NULL
        WHEN 'site' THEN coalesce(a.site_id = r.subject_id, h.site_id = r.subject_id, false)
        WHEN 'department' THEN a.facility_id IS NULL AND a.site_id IS NULL AND (a.department IS NULL OR a.department = r.subject_id)
        ELSE (a.facility_id IS NULL OR a.facility_id = r.subject_id)
            AND (a.site_id IS NULL OR a.site_id IN (SELECT h.site_id FROM homes AS h WHERE h.facility_id = r.subject_id))
            AND (a.department IS NULL OR a.department IN (SELECT h.department FROM homes AS h WHERE h.facility_id = r.subject_id))
    END
),
lives AS (
    SELECT r.duty_id, max(r.seat_no) AS seats,
        coalesce(any_value(r.needed_from), min(m.appointed_on) FILTER (m.acting_for IS NULL), DATE '0001-01-01') AS since,
        coalesce(any_value(r.needed_to), DATE '9999-12-31') AS until
    FROM post_requirements AS r
    LEFT JOIN matches AS m USING (duty_id)
    GROUP BY r.duty_id
),
edges AS (
    SELECT duty_id, unnest([since, until]) AS edge FROM lives
    UNION SELECT duty_id, unnest([appointed_on, ended_on]) FROM matches
),
pieces AS (
    SELECT duty_id, l.seats, e.edge AS since, lead(e.edge) OVER (PARTITION BY duty_id ORDER BY e.edge) AS until
    FROM edges AS e
    JOIN lives AS l USING (duty_id)
    WHERE e.edge BETWEEN l.since AND l.until
),
in_office AS (
    SELECT duty_id, p.since, m.person_id, m.name, m.appointed_on, m.qualification,
        m.training_on, m.notified_on, m.approval_document, m.generality
    FROM pieces AS p
    JOIN matches AS m USING (duty_id)
    WHERE m.acting_for IS NULL AND m.appointed_on <= p.since AND m.ended_on > p.since
    QUALIFY row_number() OVER (PARTITION BY duty_id, p.since, m.person_id
        ORDER BY m.generality, m.appointed_on DESC, m.qualification, m.training_on, m.notified_on, m.approval_document, m.name) = 1
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY duty_id, since
        ORDER BY generality, appointed_on DESC, person_id) AS seat_no
    FROM in_office
),
deputies AS (
    SELECT duty_id, p.since,
        string_agg(DISTINCT coalesce(m.name, m.person_id), '、' ORDER BY coalesce(m.name, m.person_id)) AS deputies
    FROM pieces AS p
    JOIN matches AS m USING (duty_id)
    WHERE m.acting_for IS NOT NULL AND m.appointed_on <= p.since AND m.ended_on > p.since
    GROUP BY ALL
)
SELECT
    duty_id, CAST(s.seat_no AS INTEGER) AS seat_no, since, p.until, h.person_id, h.name,
    h.appointed_on, h.qualification, h.training_on, h.notified_on, h.approval_document, d.deputies
FROM pieces AS p
CROSS JOIN LATERAL unnest(range(1, p.seats + 1)) AS s(seat_no)
LEFT JOIN ranked AS h USING (duty_id, since, seat_no)
LEFT JOIN deputies AS d USING (duty_id, since)
WHERE p.until IS NOT NULL
