-- method_quality: a rule of quality and what it does to a verdict.
-- Reads quality_rules.
SELECT * FROM quality_rules ORDER BY effect, rule_id
