-- current_readings (as far as the doubts need them): all in use but those of intervals. Input: readings.
SELECT * FROM readings WHERE known_to IS NULL AND reading_kind <> 'interval'
