-- file_receipts: one row per content that counts, with its place in the inbox and when it was received last. Input: known_files.
SELECT sha256, member, first_path AS file, receipts[-1] AS last_at FROM known_files WHERE is_first
