-- histories: the meters that measure the same supply point one after the other. Input: meter_versions.
SELECT meter_id, coalesce(max(supply_point), meter_id) AS history FROM meter_versions GROUP BY meter_id
