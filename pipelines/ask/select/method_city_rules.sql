-- method_city_rules: a rule of the city's own, from city.toml.
-- Reads method_rules.
SELECT * FROM method_rules ORDER BY rule_id
