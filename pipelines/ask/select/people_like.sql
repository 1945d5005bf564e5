-- people_like: whether somebody of this id is or was appointed. Reads appointments. Parameter: person.
SELECT person_id FROM appointments WHERE person_id = $person LIMIT 1
