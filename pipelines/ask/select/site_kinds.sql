-- site_kinds: one row per kind of energy or activity and its name. Reads energy_types, activities.
SELECT energy_type AS kind, name_ja FROM energy_types
UNION
SELECT activity, name_ja FROM activities WHERE activity NOT IN (SELECT energy_type FROM energy_types)
ORDER BY 1
