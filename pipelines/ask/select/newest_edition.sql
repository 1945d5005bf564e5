-- newest_edition: a factor of the newest edition known of a list and result year.
-- Reads emission_factors.
SELECT supplier_no, kind, coalesce(menu, '') AS menu, variant, value, edition
FROM emission_factors
WHERE origin = 'reference' AND factor_table = $kind AND result_fy = $year
QUALIFY edition = max(edition) OVER ()
