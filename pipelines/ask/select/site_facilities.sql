-- site_facilities: one row per facility, in the order of the register's departments as they first appear: who it is and what may be published of it.
-- Reads facilities, operators.
SELECT f.facility_id, f.name, coalesce(f.name_kana, '') AS name_kana, f.operator_id, o.name AS operator, coalesce(f.department, '') AS department,
    f.use_class, f.address, f.opened_on, f.closed_on, coalesce(f.publication, 'public') AS publication
FROM facilities AS f
JOIN operators AS o ON o.operator_id = f.operator_id
ORDER BY f.operator_id, f.department NULLS LAST, f.facility_id
