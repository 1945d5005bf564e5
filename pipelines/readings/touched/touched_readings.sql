-- touched_readings: the readings that a night makes anew. Input: readings (those at work).
FROM readings
