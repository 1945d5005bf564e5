-- operator_years: one row per operator and fiscal year with its state. running: not over. collecting: over, until the
-- operator's closing date. closed: closed by a record, or the closing date has passed (then nobody's silence keeps a year open).
-- Inputs: operators, closing_dates (operator_id, fiscal_year, closing_date), closings. Parameters: this_year, today.
SELECT
    o.operator_id, d.fiscal_year, d.closing_date, c.closed_on, c.document_no,
    CASE
        WHEN d.fiscal_year >= CAST($this_year AS INTEGER) THEN 'running'
        WHEN c.closed_on <= CAST($today AS DATE) OR d.closing_date < CAST($today AS DATE) THEN 'closed'
        ELSE 'collecting' END AS year_state
FROM operators AS o
JOIN closing_dates AS d ON d.operator_id = o.operator_id
LEFT JOIN closings AS c ON c.operator_id = o.operator_id AND c.fiscal_year = d.fiscal_year
