-- facility_homes: one row per facility and fiscal year of which a yearly total exists: whose it is on the last day of the year, or of
-- its life in it. A department's total is of the facilities that are its own on that day.
-- Inputs: facility_spans, facilities, yearly_total_quantities.
SELECT s.facility_id, y.fiscal_year, s.valid_from, s.operator_id, s.department, s.use_class
FROM (SELECT DISTINCT fiscal_year FROM yearly_total_quantities) AS y
JOIN facilities AS f
    ON coalesce(f.opened_on, DATE '0001-01-01') < make_date(y.fiscal_year + 1, 4, 1)
    AND coalesce(f.closed_on, DATE '9999-12-31') > make_date(y.fiscal_year, 4, 1)
JOIN facility_spans AS s
    ON s.facility_id = f.facility_id AND least(make_date(y.fiscal_year + 1, 4, 1), coalesce(f.closed_on, DATE '9999-12-31')) - 1 >= s.valid_from
    AND least(make_date(y.fiscal_year + 1, 4, 1), coalesce(f.closed_on, DATE '9999-12-31')) - 1 < s.valid_to
