-- factors_by_year: what there is of factors, by table and fiscal years of use: how many, of how many suppliers, of which fuels or
-- activities, how sure, and which edition. Reads emission_factors, energy_types.
WITH named AS (
    SELECT f.*, coalesce(t.name_ja, f.key) AS key_ja
    FROM emission_factors AS f
    LEFT JOIN energy_types AS t ON t.energy_type = f.key
)
SELECT factor_table, origin, kind = 'national_substitute' AS is_substitute, fiscal_year_of(valid_from) AS first_fy, fiscal_year_of(CAST(valid_to - 1 AS DATE)) AS last_fy, status,
    count(*) AS factors, count(DISTINCT coalesce(supplier_no, supplier)) FILTER (supplier IS NOT NULL AND kind <> 'national_substitute') AS suppliers,
    list(DISTINCT key_ja ORDER BY key_ja) AS keys, list(DISTINCT key ORDER BY key) AS keys_en, max(edition) AS edition
FROM named
GROUP BY ALL
ORDER BY factor_table, first_fy NULLS FIRST, last_fy NULLS LAST, origin, status
