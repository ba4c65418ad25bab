"""The migrations, in order; each is never changed once released."""
