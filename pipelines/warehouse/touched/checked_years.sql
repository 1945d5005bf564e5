-- checked_years: the fiscal years of facilities in which a night wrote days. Input: touched_facility_years.
FROM touched_facility_years
