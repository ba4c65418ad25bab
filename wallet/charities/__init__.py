"""Giving: the directory of charities, their agreements, and what members give them."""
