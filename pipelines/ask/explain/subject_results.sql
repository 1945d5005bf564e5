-- subject_results: the verdict of each target of an operator, or of the city, in a fiscal year on a basis. Input: target_results.
SELECT * FROM target_results
WHERE fiscal_year = $year AND basis = $basis
    AND (subject_kind = 'operator' AND subject_id = $subject OR subject_kind = 'city' AND $subject = 'city')
ORDER BY target_id
