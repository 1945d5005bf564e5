-- people: everybody who was ever appointed, with name, position and address as last stated. Reads appointments.
SELECT person_id, arg_max(name, appointed_on) AS name, arg_max(position, appointed_on) AS position, arg_max(email, appointed_on) AS email,
    arg_max(department, appointed_on) AS department
FROM appointments
GROUP BY person_id
ORDER BY person_id
