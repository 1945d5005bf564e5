-- other_inputs_of_choices: something differs from which factors are chosen, so that factor_choices must be made anew. What the
-- registers, the rules and the reference say is the same wherever a run goes on from the published file.
-- Inputs: meter_segments, meter_days, emission_factors, heat_contents, densities, and of the last publication the same and factor_choices.
SELECT 1 AS found FROM (FROM meter_segments EXCEPT FROM last.meter_segments)
UNION ALL SELECT 1 FROM (FROM last.meter_segments EXCEPT FROM meter_segments)
UNION ALL SELECT 1 FROM (FROM emission_factors EXCEPT FROM last.emission_factors)
UNION ALL SELECT 1 FROM (FROM last.emission_factors EXCEPT FROM emission_factors)
UNION ALL SELECT 1 FROM (FROM heat_contents EXCEPT FROM last.heat_contents)
UNION ALL SELECT 1 FROM (FROM last.heat_contents EXCEPT FROM heat_contents)
UNION ALL SELECT 1 FROM (FROM densities EXCEPT FROM last.densities)
UNION ALL SELECT 1 FROM (FROM last.densities EXCEPT FROM densities)
UNION ALL SELECT 1 FROM (SELECT meter_id, unit FROM meter_days EXCEPT SELECT meter_id, unit FROM last.factor_choices)
LIMIT 1
