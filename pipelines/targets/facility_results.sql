-- facility_results: one row per facility, fiscal year and basis. Input: stated.
SELECT * FROM stated WHERE facility_id IS NOT NULL
