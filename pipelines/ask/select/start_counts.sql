-- start_counts: how many facilities have which verdict of a fiscal year on the plan. Reads facility_results.
SELECT verdict, count(*) AS facilities FROM facility_results WHERE fiscal_year = $year AND basis = 'plan' GROUP BY verdict
