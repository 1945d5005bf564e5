-- site_facilities: one row per facility, by operators and departments in the order in which the register first names them: who it is, and what
-- may be published of it.
-- Reads facilities, operators.
SELECT f.facility_id, f.name, coalesce(f.name_kana, '') AS name_kana, f.operator_id, o.name AS operator, coalesce(f.department, '') AS department,
    f.use_class, f.address, f.opened_on, f.closed_on, coalesce(f.publication, 'public') AS publication
FROM facilities AS f
JOIN operators AS o ON o.operator_id = f.operator_id
ORDER BY min(f.rowid) OVER (PARTITION BY f.operator_id), min(f.rowid) OVER (PARTITION BY f.operator_id, f.department), f.rowid
