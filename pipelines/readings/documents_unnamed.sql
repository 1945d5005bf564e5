-- documents_unnamed: a PDF or picture that no value names as its evidence: what it says is not among the numbers yet.
-- Inputs: source_files, evidence.
SELECT CASE WHEN source = '.' THEN path ELSE source || '/' || path END AS place
FROM source_files
WHERE status = 'document' AND sha256 NOT IN (SELECT evidence_sha256 FROM evidence WHERE evidence_sha256 IS NOT NULL)
    AND place NOT IN (SELECT evidence_path FROM evidence WHERE evidence_path IS NOT NULL)
ORDER BY place
