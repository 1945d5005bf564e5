-- own_editions: an edition of a list that came with the package.
-- Reads emission_factors.
SELECT factor_table || '-' || edition AS edition_id, factor_table AS kind, result_fy, count(*) AS factors
FROM emission_factors
WHERE origin = 'reference' AND result_fy IS NOT NULL AND NOT contains(factor_id, '@')
GROUP BY ALL
ORDER BY ALL
