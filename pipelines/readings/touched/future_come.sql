-- future_come: values that were held back because they lay in the future and no longer do. Input: last.quarantine. Parameter: today.
SELECT source_sha256 FROM last.quarantine
WHERE rule_id = 'in_the_future' AND NOT is_future(ended_at, $today)
LIMIT 1
