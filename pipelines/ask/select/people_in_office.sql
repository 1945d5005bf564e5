-- people_in_office: everybody in office on a day, with name and address as last stated then. Reads appointments. Parameter: today.
SELECT person_id, arg_max(name, appointed_on) AS name, arg_max(email, appointed_on) AS email
FROM appointments
WHERE appointed_on <= $today AND coalesce(ended_on, DATE '9999-12-31') > $today
GROUP BY person_id
ORDER BY person_id
