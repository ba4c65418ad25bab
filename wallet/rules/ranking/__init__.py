"""Ranking: windows of time, scores in them, the bands that make a place cheap, and shown names."""
