-- post_terms: one row per seat and period in which its holder and its standing stay the same, past and future: filled, or by weight overdue,
-- unqualified, combined, course_missed, notice_overdue, vacant, acting (vacant, and a deputy acts), course_unknown, course_due (in the
-- fiscal year in which the course must be taken), not_notified. faults lists all that hold. due_on is the next day by which something is
-- to be done about it. Inputs: seat_terms, seat_pieces, combined_terms.
WITH edges AS (
    SELECT duty_id, seat_no, unnest([since, until, vacancy_due_on + 1, course_due_on + 1,
        make_date(fiscal_year_of(course_due_on), 4, 1), notice_due_on + 1, notified_on]) AS edge
    FROM seat_terms
    UNION SELECT duty_id, seat_no, unnest([since, until]) FROM combined_terms
    UNION SELECT duty_id, seat_no, unnest([since, until]) FROM seat_pieces
),
pieces AS (
    SELECT *, lead(edge) OVER (PARTITION BY duty_id, seat_no ORDER BY edge) AS until
    FROM edges
    WHERE edge IS NOT NULL
),
standing AS (
    SELECT
        t.*, p.edge AS from_day, p.until AS to_day, s.deputies,
        list_filter([
            CASE WHEN t.person_id IS NULL AND coalesce(t.vacancy_due_on < p.edge, false) THEN 'overdue' END,
            CASE WHEN NOT t.is_qualified AND t.person_id IS NOT NULL THEN 'unqualified' END,
            CASE WHEN EXISTS (
                FROM combined_terms AS c
                WHERE c.duty_id = t.duty_id AND c.seat_no = t.seat_no AND p.edge >= c.since AND p.edge < c.until) THEN 'combined' END,
            CASE WHEN coalesce(t.course_due_on < p.edge, false) THEN 'course_missed' END,
            CASE WHEN coalesce(t.notice_due_on < p.edge, false) AND coalesce(t.notified_on > p.edge, true) THEN 'notice_overdue' END,
            CASE WHEN t.person_id IS NULL AND s.deputies IS NULL AND coalesce(t.vacancy_due_on >= p.edge, true) THEN 'vacant' END,
            CASE WHEN t.person_id IS NULL AND s.deputies IS NOT NULL THEN 'acting' END,
            CASE WHEN t.needs_course AND t.training_on IS NULL THEN 'course_unknown' END,
            CASE WHEN coalesce(fiscal_year_of(t.course_due_on) = fiscal_year_of(p.edge) AND t.course_due_on >= p.edge, false)
                THEN 'course_due' END,
            CASE WHEN coalesce(t.notice_due_on >= p.edge, false) AND coalesce(t.notified_on > p.edge, true) THEN 'not_notified' END
        ], lambda fault: fault IS NOT NULL) AS faults
    FROM pieces AS p
    JOIN seat_terms AS t ON t.duty_id = p.duty_id AND t.seat_no = p.seat_no AND p.edge >= t.since AND p.edge < t.until
    JOIN seat_pieces AS s ON s.duty_id = p.duty_id AND s.seat_no = p.seat_no AND p.edge >= s.since AND p.edge < s.until
    WHERE p.until IS NOT NULL
)
SELECT
    duty_id, seat_no, duty_of, subject_id, operator_id, post, nullif(from_day, DATE '0001-01-01') AS valid_from,
    nullif(to_day, DATE '9999-12-31') AS valid_to, person_id, name, deputies, appointed_on, coalesce(faults[1], 'filled') AS post_state,
    nullif(array_to_string(faults, ';'), '') AS faults,
    CASE WHEN person_id IS NULL THEN vacancy_due_on
        ELSE least(
            CASE WHEN list_has_any(faults, ['notice_overdue', 'not_notified']) THEN notice_due_on END,
            CASE WHEN list_has_any(faults, ['course_missed', 'course_due']) THEN course_due_on END)
    END AS due_on
FROM standing
