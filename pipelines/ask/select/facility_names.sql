-- facility_names: a facility and its name.
-- Reads facilities.
SELECT facility_id, name FROM facilities
