-- start_deliveries: whose deliveries of which fiscal year nobody has closed, with the facilities that wait for it. Reads flags.
SELECT fiscal_year, json_extract_string(evidence, '$.whose') AS whose, json_extract_string(evidence, '$.by_column') AS by_column,
    CAST(json_extract(evidence, '$.tanks') AS INTEGER) AS tanks, CAST(json_extract(evidence, '$.facilities') AS VARCHAR[]) AS facilities,
    message_ja, message_en
FROM flags
WHERE rule_id = 'delivery_not_closed' AND fiscal_year <= $year
ORDER BY fiscal_year, whose
