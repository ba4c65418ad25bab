"""Real shops from npm that the adapters are run against: `make e2e`, off by default."""
