-- start_counts: how many facilities have which verdict of a fiscal year on the plan, the inherited and indicative apart. Reads facility_results.
SELECT verdict, is_inherited, count(*) AS facilities FROM facility_results WHERE fiscal_year = $year AND basis = 'plan' GROUP BY verdict, is_inherited
