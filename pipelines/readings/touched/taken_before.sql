-- taken_before: the files whose values stand in the tables that are continued. Input: last.source_files.
SELECT sha256, source, path FROM last.source_files
