-- events: what happened at the facility in the span and travels with its numbers. Input: facility_events.
SELECT "from", "to", kind, note
FROM facility_events
WHERE facility_id = $facility AND "from" < $end AND coalesce("to", DATE '9999-12-31') > $first
ORDER BY "from"
