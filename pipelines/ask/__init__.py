"""Questions to the published file and to the reference data, answered as plain data; the SELECTs stand beside."""
