-- site_minor: one row per fiscal year, document and day: how many questions too small to ask were accepted as one list, and the emissions at stake in
-- them as they stand. Counted is what a person accepted and what still binds; the bounds of verdicts are as they were.
-- Reads reviews, flags.
SELECT r.fiscal_year, r.document_no, r.decided_on, count(DISTINCT r.flag_id) AS questions, sum(f.co2e_at_stake_kg) AS co2e_kg,
    count(*) FILTER (f.flag_id IS NULL OR f.co2e_at_stake_kg IS NULL) AS without_stake
FROM reviews AS r
LEFT JOIN flags AS f ON f.flag_id = r.flag_id
WHERE r.step = 'accept_minor' AND r.is_binding AND NOT r.recorded_only
GROUP BY r.fiscal_year, r.document_no, r.decided_on
ORDER BY r.fiscal_year DESC, r.decided_on, r.document_no
