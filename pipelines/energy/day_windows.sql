-- day_windows: the periods whose days are made: all of time for every meter. Input: meter_versions.
SELECT DISTINCT meter_id, DATE '0001-01-01' AS since, DATE '9999-12-31' AS until FROM meter_versions
