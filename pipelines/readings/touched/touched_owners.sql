-- touched_owners: meters of deliveries and registers, activity sources, weather elements and composition analyses with a new
-- value: what they count follows from all their values together. Input: checked (new values).
SELECT DISTINCT owner_id AS meter_id, kind AS reading_kind
FROM checked
WHERE rule_id IS NULL AND kind NOT IN ('interval', 'bill')
