-- facility: the facility asked for first, by its id in any case or by its name, then those whose name or id looks like it. Input: facilities.
SELECT * FROM facilities
ORDER BY facility_id = $facility DESC, lower(facility_id) = lower($facility) DESC, name = $facility DESC, contains(name, $facility) DESC, jaro_winkler_similarity(facility_id, $facility) DESC, facility_id
LIMIT 5
