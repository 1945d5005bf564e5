-- compared_months: the facilities and months that a comparison cuts, this year and last. Inputs: comparison_ends, members.
SELECT DISTINCT m.facility_id, CAST(unnest([date_trunc('month', e.until), date_trunc('month', e.last_until)]) AS DATE) AS month
FROM comparison_ends AS e
JOIN members AS m ON m.subject_key = e.subject_key
