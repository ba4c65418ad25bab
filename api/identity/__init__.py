"""Who is calling. For now: opaque bearer tokens; the authorization server joins them later."""
