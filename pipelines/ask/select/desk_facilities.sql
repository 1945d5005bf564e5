-- desk_facilities: every facility with its name and department. Reads facilities.
SELECT facility_id, name, department FROM facilities
