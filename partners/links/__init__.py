"""Members' accounts at partners: connected by OAuth, used for one call at a time, and ended."""
