-- factor_shown: one factor with its sources.
-- Reads emission_factors, reference_sources.
SELECT f.*, (SELECT string_agg(s.title_ja || ' ' || s.url, '; ') FROM reference_sources AS s
    WHERE list_contains(string_split(f.source_id, ';'), s.source_id)) AS source
FROM emission_factors AS f
WHERE f.factor_id = $id
