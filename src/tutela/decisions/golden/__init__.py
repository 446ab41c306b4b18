"""Golden checks: benign pictures with a known answer, posed as cases. They reach nothing."""
