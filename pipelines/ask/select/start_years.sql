-- start_years: how many facilities there are, from which fiscal year on there is data, and whether the city says which year's electricity
-- factor its plan means. Reads facilities, energy_by_meter_day, method_rules.
SELECT
    (SELECT count(*) FROM facilities) AS facilities,
    (SELECT fiscal_year_of(min(local_date)) FROM energy_by_meter_day WHERE quantity IS NOT NULL) AS first_year,
    (SELECT count(*) > 0 FROM method_rules WHERE rule = 'plan_electricity_factor_rule') AS has_rule
