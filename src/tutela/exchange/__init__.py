"""The edge: one file for each outside party, and the one client that opens connections."""
