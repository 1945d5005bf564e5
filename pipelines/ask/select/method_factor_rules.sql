-- method_factor_rules: a rule that says which table a factor is taken from.
-- Reads energy_types, factor_rules.
SELECT r.*, e.name_ja FROM factor_rules AS r JOIN energy_types AS e ON e.energy_type = r.energy_type
ORDER BY r.energy_type, r.basis, r.valid_from NULLS FIRST, r.time_band
