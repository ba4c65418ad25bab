"""Draws that anybody can check: what is published before, how a number is drawn, what is shown."""
