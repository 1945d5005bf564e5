-- facility_results: one row per facility, fiscal year and basis. Input: judged.
SELECT * FROM judged WHERE facility_id IS NOT NULL
