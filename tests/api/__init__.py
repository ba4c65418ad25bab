"""The GraphQL door, tested through HTTP on a real database."""
