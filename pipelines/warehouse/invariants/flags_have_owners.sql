-- flags_have_owners: every flag has the person who must answer it, or there is the finding that there is nobody.
-- Inputs: flags, findings.
SELECT f.facility_id, f.fiscal_year, f.flag_id
FROM flags AS f
ANTI JOIN findings AS n ON n.rule_id = 'no_owner' AND n.facility_id = f.facility_id
WHERE f.owner_person_id IS NULL OR f.owner_post IS NULL
