-- flag_numbers: the numbers that each of these flags, or the doubts of these ids, rest on. Reads flags, doubts. Parameter: flags.
WITH asked AS (
    SELECT unnest(CAST($flags AS VARCHAR[])) AS flag_id
)
SELECT flag_id, evidence FROM flags WHERE flag_id IN (SELECT flag_id FROM asked)
UNION ALL
SELECT doubt_id, evidence FROM doubts WHERE doubt_id IN (SELECT flag_id FROM asked)
