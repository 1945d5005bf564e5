-- rule_ids: the rules of quality whose doubts are asked about (asked_doubts), as flags name them. Reads quality_rules.
SELECT CASE rule_id WHEN 'zero_day' THEN 'zero_days' ELSE rule_id END AS rule_id FROM quality_rules WHERE effect = 'doubts'
