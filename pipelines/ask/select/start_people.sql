-- start_people: a facility whose questions nobody is named to answer. Reads flags.
SELECT DISTINCT facility_id FROM flags WHERE rule_id = 'no_responsible_person' AND state <> 'confirmed' ORDER BY facility_id
