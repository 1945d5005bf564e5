-- facility_names: how a facility is called, and its department. Reads facilities.
SELECT facility_id, name, name AS facility_name, coalesce(department, '') AS department FROM facilities ORDER BY facility_id
