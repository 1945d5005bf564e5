-- new_units: a unit in which a meter was not counted before, so that its factor must be chosen. Inputs: meter_days, last.factor_choices.
SELECT meter_id, unit FROM meter_days EXCEPT SELECT meter_id, unit FROM last.factor_choices LIMIT 1
