-- current_readings: the readings that count today. Input: readings.
SELECT * FROM readings WHERE known_to IS NULL
