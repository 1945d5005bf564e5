-- readings_of_periods: the readings in use of whole periods (all but those of intervals): all that the doubts look at.
-- Input: current_readings.
FROM current_readings WHERE reading_kind <> 'interval'
