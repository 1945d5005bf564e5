-- other_factors: a factor that serves now or served in the last publication only. Inputs: factor_choices, activity_choices, and of
-- the last publication the same.
SELECT 1 AS found FROM (FROM factor_choices EXCEPT FROM last.factor_choices)
UNION ALL SELECT 1 FROM (FROM last.factor_choices EXCEPT FROM factor_choices)
UNION ALL SELECT 1 FROM (FROM activity_choices EXCEPT FROM last.activity_choices)
UNION ALL SELECT 1 FROM (FROM last.activity_choices EXCEPT FROM activity_choices)
LIMIT 1
