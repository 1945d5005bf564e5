-- method_gaps: a figure that no source gives, shown as a gap.
-- Reads gaps.
SELECT * FROM gaps
