-- method_sources: a source that factors come from.
-- Reads reference_sources.
SELECT * FROM reference_sources ORDER BY source_id
