-- facility: the facility asked for first, then those whose name or id looks like it. Input: facilities.
SELECT * FROM facilities
ORDER BY facility_id = $facility DESC, contains(name, $facility) DESC, jaro_winkler_similarity(facility_id, $facility) DESC, facility_id
LIMIT 5
