-- periodic_filed: figures of the periodic report as filed. Reads filed. Parameters: operator, fiscal_year.
SELECT stated_item, stated_value, filed_on, receipt_no
FROM filed
WHERE operator_id = $operator AND fiscal_year = CAST($fiscal_year AS INTEGER) AND report = '定期報告書'
ORDER BY filed_on, stated_item
