-- months_of_doubts: the months in which another doubt stands than in the base. Input: changed_meter_doubts.
SELECT DISTINCT meter_id, CAST(unnest(months_of(valid_from, valid_to - 1)) AS DATE) AS month FROM changed_meter_doubts
