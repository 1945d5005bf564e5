-- method_warming: a warming potential as the statement of the method lists it.
-- Reads gwp.
SELECT * FROM gwp ORDER BY gas, basis, valid_from NULLS FIRST
