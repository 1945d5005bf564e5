-- judged_days: those of the months at work, once the days around them have served to fill. Inputs: judged_days, window_days.
FROM judged_days SEMI JOIN window_days USING (meter_id, local_date)
