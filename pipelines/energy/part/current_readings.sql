-- current_readings (as far as the doubts need them): all in use but those of intervals. Input: readings.
SELECT meter_id, reading_kind, time_band, started_at, ended_at, quantity, unit, quality, stage, source_sha256, index_before, index_after FROM readings WHERE known_to IS NULL AND reading_kind <> 'interval'
