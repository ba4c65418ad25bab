"""What went wrong for real people elsewhere, told as tests."""
