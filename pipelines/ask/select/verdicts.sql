-- verdicts: a verdict of a fiscal year, whether it is inherited or indicative, and how many facilities have it; one that waits for late
-- months reads collecting.
-- Reads facility_results.
SELECT CASE WHEN verdict = 'undeterminable' AND year_state = 'collecting' AND collecting_note IS NOT NULL THEN 'collecting'
    ELSE verdict END AS verdict, is_inherited, count(*) AS facilities
FROM facility_results WHERE fiscal_year = $year GROUP BY ALL ORDER BY ALL
