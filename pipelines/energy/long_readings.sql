-- long_readings: the readings in use that do not end on the day they began, kept apart: the others need no spreading and are
-- never laid down twice. Input: counted_readings.
SELECT * FROM counted_readings WHERE first_date < last_date
