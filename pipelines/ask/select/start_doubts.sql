-- start_doubts: a doubt that stands in one of some fiscal years, with what lifts it. Reads doubts, meter_allocations.
SELECT DISTINCT
    coalesce(d.facility_id, a.facility_id) AS facility_id, d.doubt_id, d.source_id, d.rule_id, d.fiscal_year, d.days, d.lifted_by_ja, d.lifted_by_en
FROM doubts AS d
LEFT JOIN meter_allocations AS a ON d.source_kind = 'meter' AND a.meter_id = d.source_id
WHERE d.doubt_state = 'standing' AND d.fiscal_year <= $year
ORDER BY ALL
