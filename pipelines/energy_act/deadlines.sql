-- deadlines: one row per thing that falls due, by the Act, as announced, or by the city's own calendar: the reports of designated operators
-- for the last closed and the running year, the notice of use of an operator or site that reaches a threshold without a designation,
-- appointments, notices of appointments and courses of seats that are or will be held, and the dates of year.toml. A report is done
-- where filed.csv has it; what is done of the city's own dates is not known. Overdue from the day after.
-- Inputs: operators, sites, operator_fiscal_years, site_fiscal_years, seat_terms, post_requirements, legal_posts, filed, city_dates (name,
-- due_on, owner, source, is_confirmed). Parameters: today, this_year.
WITH years AS (
    SELECT unnest([CAST($this_year AS INTEGER) - 1, CAST($this_year AS INTEGER)]) AS fiscal_year
),
-- reports are asked for since the first year that filed.csv knows
reported AS (
    SELECT unnest(range(least(CAST($this_year AS INTEGER) - 1, (SELECT min(fiscal_year) FROM filed)), CAST($this_year AS INTEGER) + 1)) AS fiscal_year
),
duties AS (
    SELECT *, CASE deadline WHEN 'end of May' THEN 5 WHEN 'end of July' THEN 7 END AS due_month FROM legal_posts
),
reports AS (
    SELECT 'report' AS deadline_kind, d.who_ja AS item, o.operator_id, o.operator_id AS subject_id, y.fiscal_year, d.article, d.form,
        last_day(make_date(y.fiscal_year + 1, d.due_month, 1)) AS due_on, 'law' AS certainty, d.source_id AS source
    FROM duties AS d, operators AS o, reported AS y
    WHERE d.item = 'report' AND o.designation_no IS NOT NULL
        AND coalesce(o.designated_on <= last_day(make_date(y.fiscal_year + 1, d.due_month, 1)), true)
),
announced AS (
    SELECT 'report' AS deadline_kind, d.who_ja AS item, o.operator_id, o.operator_id AS subject_id, y.fiscal_year, d.article, d.form,
        last_day(make_date(y.fiscal_year + 1, d.due_month, 1)) AS due_on, 'announced' AS certainty, d.source_id AS source
    FROM duties AS d, operators AS o, years AS y
    WHERE d.item = 'announced' AND o.designation_no IS NOT NULL
        AND y.fiscal_year + 1 >= CAST(regexp_extract(d.content, 'filed from FY([0-9]{4})', 1) AS INTEGER)
),
reached AS (
    SELECT operator_id, operator_id AS subject_id, fiscal_year, designation_state, likely_crude_oil_kl >= threshold_of('specified_operator') AS is_likely
    FROM operator_fiscal_years
    WHERE operator_id IN (SELECT operator_id FROM operators WHERE designation_no IS NULL)
    UNION ALL
    SELECT operator_id, site_id, fiscal_year, designation_state, likely_crude_oil_kl >= threshold_of('site_type_2')
    FROM site_fiscal_years
    WHERE site_id NOT IN (SELECT site_id FROM sites WHERE designation_no IS NOT NULL)
),
notifications AS (
    SELECT 'notification' AS deadline_kind, d.who_ja AS item, r.operator_id, r.subject_id, r.fiscal_year, d.article, d.form,
        last_day(make_date(r.fiscal_year + 1, d.due_month, 1)) AS due_on,
        CASE r.designation_state WHEN 'at_or_above' THEN 'law' ELSE 'likely' END AS certainty, d.source_id AS source
    FROM duties AS d, reached AS r
    JOIN years AS y USING (fiscal_year)
    WHERE d.item = 'notification' AND (r.designation_state = 'at_or_above' OR coalesce(r.is_likely, false))
),
to_come AS (
    SELECT t.*, r.article, r.form
    FROM seat_terms AS t
    JOIN post_requirements AS r USING (duty_id, seat_no)
    WHERE t.until > CAST($today AS DATE)
),
of_seats AS (
    SELECT 'appointment' AS deadline_kind, operator_id, subject_id, post, person_id, article, form, vacancy_due_on AS due_on FROM to_come
    UNION ALL
    SELECT 'notice', operator_id, subject_id, post, person_id, article, form, notice_due_on FROM to_come WHERE notified_on IS NULL
    UNION ALL
    SELECT 'course', operator_id, subject_id, post, person_id, (SELECT any_value(article) FROM legal_posts WHERE item = 'training'), NULL,
        course_due_on
    FROM to_come
),
done AS (
    SELECT report, operator_id, fiscal_year, max(filed_on) AS filed_on FROM filed GROUP BY ALL
),
all_of_them AS (
    FROM reports UNION ALL BY NAME FROM announced UNION ALL BY NAME FROM notifications
    UNION ALL BY NAME
    SELECT deadline_kind, post AS item, operator_id, subject_id, post, person_id, article, form, due_on, 'law' AS certainty FROM of_seats
    WHERE due_on IS NOT NULL
    UNION ALL BY NAME
    SELECT 'city' AS deadline_kind, name AS item, due_on, CASE WHEN is_confirmed THEN 'city' ELSE 'to_confirm' END AS certainty, source,
        owner AS post
    FROM city_dates
)
SELECT
    concat_ws('/', a.deadline_kind, a.operator_id, a.subject_id, a.item, a.person_id, a.fiscal_year, a.due_on) AS deadline_id, a.due_on,
    a.deadline_kind, a.item, a.operator_id, a.subject_id, a.fiscal_year, a.post, a.person_id,
    CASE WHEN f.filed_on IS NOT NULL THEN 'done'
        WHEN a.deadline_kind = 'city' AND a.due_on < CAST($today AS DATE) THEN 'past'
        WHEN a.certainty = 'announced' AND a.due_on < CAST($today AS DATE) THEN 'past'
        WHEN a.due_on < CAST($today AS DATE) THEN 'overdue' ELSE 'upcoming' END AS deadline_state,
    a.certainty, a.article, a.form, a.source, f.filed_on
FROM all_of_them AS a
LEFT JOIN done AS f
    ON a.deadline_kind IN ('report', 'notification') AND a.certainty <> 'announced' AND f.report = a.item AND f.operator_id = a.operator_id
    AND f.fiscal_year = a.fiscal_year
