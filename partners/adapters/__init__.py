"""Our own adapters, one module for each shop system; `partners.registry` finds them by name."""
