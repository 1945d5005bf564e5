-- every_target_judged: a target has a result in each year after its base year in which it is in force: adopted before the year's end
-- and not superseded then; one set in amounts from the first year that these name. Inputs: targets, target_results, build_inputs.
WITH years AS (
    SELECT t.*, CAST(unnest(range(
        coalesce(CAST(split_part(coalesce(t.allowed_co2e_t, t.allowed_co2e_kg_per_m2), ':', 1) AS INTEGER), t.base_fy + 1), fiscal_year_of(CAST(b.inputs_hash AS DATE)) + 1)) AS INTEGER) AS fiscal_year
    FROM targets AS t CROSS JOIN build_inputs AS b
    WHERE b.kind = 'today'
)
SELECT y.target_id, y.fiscal_year
FROM years AS y
ANTI JOIN target_results AS r ON r.target_id = y.target_id AND r.fiscal_year = y.fiscal_year
WHERE y.adopted_on < make_date(y.fiscal_year + 1, 4, 1) AND NOT coalesce(y.superseded_on < make_date(y.fiscal_year + 1, 4, 1), false)
