"""One module for each measure; each has `measure(stage)`, which returns a finding."""
