-- site_city: one row: the day of the published night, when it was published, the running year, and the last one that is over.
-- Reads publications, facility_results.
SELECT p.today, p.published_time, fiscal_year_of(p.today) AS this_year,
    coalesce((SELECT max(r.fiscal_year) FROM facility_results AS r WHERE r.year_state <> 'running'), fiscal_year_of(p.today) - 1) AS fiscal_year
FROM publications AS p
ORDER BY p.published_time DESC, p.run_id DESC
LIMIT 1
