-- version_values: the values of contents whose path holds, or held, another content too. Inputs: path_versions, stated_values.
SELECT v.*
FROM stated_values AS v
WHERE v.source_sha256 IN (SELECT old_sha256 FROM path_versions UNION SELECT new_sha256 FROM path_versions)
