"""The GraphQL door: one endpoint, one schema, three audiences (member, merchant, support)."""
