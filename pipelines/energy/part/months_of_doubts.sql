-- months_of_doubts: the months in which another doubt stands than in the last publication. Inputs: meter_doubts, last.meter_doubts.
WITH changed AS (
    FROM (SELECT meter_id, valid_from, valid_to, rule_id, is_lifted FROM meter_doubts EXCEPT SELECT meter_id, valid_from, valid_to, rule_id, is_lifted FROM last.meter_doubts)
    UNION
    FROM (SELECT meter_id, valid_from, valid_to, rule_id, is_lifted FROM last.meter_doubts EXCEPT SELECT meter_id, valid_from, valid_to, rule_id, is_lifted FROM meter_doubts)
)
SELECT DISTINCT meter_id,
    CAST(unnest(generate_series(date_trunc('month', CAST(valid_from AS TIMESTAMP)), CAST(valid_to - 1 AS TIMESTAMP), INTERVAL 1 MONTH)) AS DATE) AS month
FROM changed
