"""From readings to energy per meter, facility and day: spreading over days, doubts, shares, primary energy."""
