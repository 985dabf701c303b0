"""What a touchpoint is and how one is read; pure, the standard library only."""
