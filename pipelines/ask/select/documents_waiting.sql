-- documents_waiting: a PDF or picture in the inbox that no value names as its evidence.
-- Reads findings.
SELECT subject AS path, message_ja AS ja, message_en AS en FROM findings WHERE rule_id = 'document_not_entered' ORDER BY path
