-- every_open_facility_judged: no facility drops out of the results: each one open in a year between the first
-- and the last that have results has a row.
-- Reads facilities, facility_results.
SELECT f.facility_id, y.fiscal_year
FROM facilities AS f
CROSS JOIN (SELECT unnest(range(min(fiscal_year), max(fiscal_year) + 1)) AS fiscal_year FROM facility_results) AS y
WHERE coalesce(f.opened_on, DATE '0001-01-01') < make_date(y.fiscal_year + 1, 4, 1)
    AND coalesce(f.closed_on, DATE '9999-12-31') > make_date(y.fiscal_year, 4, 1)
    AND NOT EXISTS (SELECT 1 FROM facility_results AS r WHERE r.facility_id = f.facility_id AND r.fiscal_year = y.fiscal_year)
