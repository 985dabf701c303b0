"""What profile does, one verb a module; storage stands behind `ports`."""
