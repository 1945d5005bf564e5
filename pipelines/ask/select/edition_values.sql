-- edition_values: a value of an edition: by its id, or by the mark of one that came with the package (``2024-1``).
-- Reads emission_factors.
SELECT coalesce(supplier_no, '') AS supplier_no, kind, coalesce(menu, '') AS menu, variant, value
FROM emission_factors
WHERE origin = 'reference' AND (source_id = $edition OR factor_table || '-' || edition = $edition)
