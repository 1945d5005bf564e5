-- target_results: one row per target and fiscal year in which it is in force. Input: judged.
SELECT * FROM judged WHERE facility_id IS NULL
