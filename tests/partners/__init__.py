"""What speaks to partners, and partners that misbehave: real servers on loopback."""
