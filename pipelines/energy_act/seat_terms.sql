-- seat_terms: one row per seat and unbroken period with the same holder (or none), with what falls due in it: the appointment of a successor
-- (vacancy_due_on; 遅滞なく is due on the day itself), the course, the notice. Where the beginning of a vacancy is not known, nothing is
-- known of its end. Inputs: seat_pieces, post_requirements.
WITH marked AS (
    SELECT *, person_id IS NOT DISTINCT FROM lag(person_id) OVER seat AND appointed_on IS NOT DISTINCT FROM lag(appointed_on) OVER seat
        AND since IS NOT DISTINCT FROM lag(until) OVER seat AS goes_on
    FROM seat_pieces
    WINDOW seat AS (PARTITION BY duty_id, seat_no ORDER BY since)
),
numbered AS (
    SELECT *, count(*) FILTER (NOT coalesce(goes_on, false)) OVER (
        PARTITION BY duty_id, seat_no ORDER BY since) AS term
    FROM marked
),
terms AS (
    SELECT duty_id, seat_no, term, min(since) AS since, max(until) AS until,
        any_value(person_id) AS person_id, any_value(name) AS name, any_value(appointed_on) AS appointed_on,
        any_value(qualification) AS qualification, any_value(training_on) AS training_on, any_value(notified_on) AS notified_on,
        any_value(approval_document) AS approval_document
    FROM numbered
    GROUP BY duty_id, seat_no, term
),
judged AS (
    SELECT t.*, r.duty_of, r.subject_id, r.operator_id, r.post, r.required_by, r.qualification_needed, r.within_months,
        coalesce(contains(t.qualification, 'エネルギー管理士'), false) AS is_licensed, coalesce(contains(t.qualification, '講習'), false) AS took_course
    FROM terms AS t
    JOIN post_requirements AS r USING (duty_id, seat_no)
)
SELECT
    * EXCLUDE (term),
    CASE qualification_needed WHEN 'none' THEN true WHEN 'licence' THEN is_licensed ELSE is_licensed OR took_course END AS is_qualified,
    CASE WHEN person_id IS NULL AND since > DATE '0001-01-01' AND required_by = 'law'
        THEN CASE WHEN within_months IS NULL THEN since ELSE last_day_within(since, within_months) END END AS vacancy_due_on,
    person_id IS NOT NULL AND qualification_needed = 'course_or_licence' AND took_course AND NOT is_licensed AS needs_course,
    CASE WHEN person_id IS NOT NULL AND qualification_needed = 'course_or_licence' AND took_course AND NOT is_licensed
        THEN course_until(training_on) END AS course_due_on,
    CASE WHEN person_id IS NOT NULL AND required_by = 'law' THEN next_july_end(appointed_on) END AS notice_due_on
FROM judged
