"""Gift cards: a member lets one merchant hold value without a code, and its store does."""
