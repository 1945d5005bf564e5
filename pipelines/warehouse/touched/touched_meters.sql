-- touched_meters: the meters of which a night wrote a reading. Inputs: touched_days, touched_owners.
SELECT meter_id FROM touched_days UNION SELECT meter_id FROM touched_owners
