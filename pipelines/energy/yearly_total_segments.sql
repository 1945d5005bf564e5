-- yearly_total_segments: one row per yearly total of energy, in the form of a meter's period, so that the statements that choose factors
-- for meters choose them for it. Its year begins on 1 April, as every row of the reference does. Supplier and menu are the row's own;
-- where it names none, those of the contracts under which the meters of its subject took that energy in the year, if they are one.
-- Inputs: counted_totals, facilities, facility_periods, meter_allocations, contracts.
WITH homes AS (
    SELECT t.yearly_total_id, f.facility_id, coalesce(p.operator_id, f.operator_id) AS operator_id
    FROM counted_totals AS t
    CROSS JOIN facilities AS f
    LEFT JOIN facility_periods AS p
        ON p.facility_id = f.facility_id AND make_date(t.fiscal_year + 1, 3, 31) >= coalesce(p.valid_from, DATE '0001-01-01')
        AND make_date(t.fiscal_year + 1, 3, 31) < coalesce(p.valid_to, DATE '9999-12-31')
    WHERE CASE t.subject_kind WHEN 'facility' THEN f.facility_id = t.subject_id
        WHEN 'department' THEN coalesce(p.department, f.department) = t.subject_id
            AND coalesce(p.operator_id, f.operator_id) = coalesce(t.operator_id, p.operator_id, f.operator_id)
        ELSE coalesce(p.operator_id, f.operator_id) = t.subject_id END
),
contracted AS (
    SELECT t.yearly_total_id, count(DISTINCT (c.supplier_no, c.supplier, c.menu)) AS contracts, any_value(c.supplier_no) AS supplier_no,
        any_value(c.supplier) AS supplier, any_value(c.menu) AS menu
    FROM counted_totals AS t
    JOIN homes AS h ON h.yearly_total_id = t.yearly_total_id
    JOIN meter_allocations AS a
        ON a.facility_id = h.facility_id AND a.energy_type = t.energy_type AND a.facility_share > 0
        AND a.valid_from < make_date(t.fiscal_year + 1, 4, 1) AND a.valid_to > make_date(t.fiscal_year, 4, 1)
    JOIN contracts AS c
        ON c.meter_id = a.meter_id AND coalesce(c.valid_from, DATE '0001-01-01') < make_date(t.fiscal_year + 1, 4, 1)
        AND coalesce(c.valid_to, DATE '9999-12-31') > make_date(t.fiscal_year, 4, 1)
    GROUP BY t.yearly_total_id
),
supplied AS (
    SELECT t.*, coalesce(t.supplier_no, t.supplier, t.menu) IS NOT NULL AS is_named, coalesce(c.contracts = 1, false) AS is_one,
        c.supplier_no AS contract_no, c.supplier AS contracted_supplier, c.menu AS contracted_menu
    FROM counted_totals AS t
    LEFT JOIN contracted AS c ON c.yearly_total_id = t.yearly_total_id
    WHERE t.energy_type IS NOT NULL AND t.unit <> 'tCO2e'
)
SELECT s.yearly_total_id AS meter_id, s.energy_type, make_date(s.fiscal_year, 4, 1) AS valid_from, make_date(s.fiscal_year + 1, 4, 1) AS valid_to,
    CASE WHEN s.is_named THEN s.supplier_no WHEN s.is_one THEN s.contract_no END AS supplier_no,
    CASE WHEN s.is_named THEN s.supplier WHEN s.is_one THEN s.contracted_supplier END AS supplier,
    CASE WHEN s.is_named THEN s.menu WHEN s.is_one THEN s.contracted_menu END AS menu, s.is_named OR s.is_one AS has_contract,
    (SELECT min(h.operator_id) FROM homes AS h WHERE h.yearly_total_id = s.yearly_total_id) AS operator_id, false AS is_extended
FROM supplied AS s
