-- members: one row per subject and facility span that belongs to it. Every target is a subject, and so is every facility.
-- Membership is read day by day, through the spans of the facilities. A department is one of its operator: operators may have
-- departments of one name. Inputs: targets, facility_spans, group_members.
SELECT 'target/' || t.target_id AS subject_key, t.target_id, s.facility_id, s.valid_from, s.valid_to
FROM targets AS t
JOIN facility_spans AS s
    ON t.subject_kind = 'city'
    OR t.subject_kind = 'operator' AND s.operator_id = t.subject_id
    OR t.subject_kind = 'department' AND s.department = t.subject_id AND s.operator_id = coalesce(t.operator_id, s.operator_id)
    OR t.subject_kind = 'facility' AND s.facility_id = t.subject_id
    OR t.subject_kind = 'group' AND EXISTS (
        SELECT 1 FROM group_members AS g
        WHERE g.group_id = t.subject_id AND g.facility_id = s.facility_id
            AND s.valid_from >= coalesce(g.valid_from, DATE '0001-01-01') AND s.valid_from < coalesce(g.valid_to, DATE '9999-12-31'))
UNION ALL
SELECT 'facility/' || facility_id AS subject_key, NULL AS target_id, facility_id, valid_from, valid_to FROM facility_spans
