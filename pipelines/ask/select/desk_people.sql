-- desk_people: the name by which a person is or was last registered. Reads appointments.
SELECT person_id, arg_max(name, appointed_on) AS name FROM appointments WHERE name IS NOT NULL GROUP BY person_id
