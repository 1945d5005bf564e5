-- kept_of_many: values whose file stands for several (its path names the meter), so that their order cannot be told. Input: kept.
SELECT source_sha256 FROM kept WHERE files IS DISTINCT FROM 1 LIMIT 1
