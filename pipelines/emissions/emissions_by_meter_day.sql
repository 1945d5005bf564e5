-- emissions_by_meter_day: the meters among emissions_by_source_day. Input: emissions_by_source_day.
SELECT * FROM emissions_by_source_day WHERE source_kind = 'meter'
