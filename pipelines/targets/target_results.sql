-- target_results: one row per target and fiscal year in which it is in force. Input: stated.
SELECT * FROM stated WHERE facility_id IS NULL
