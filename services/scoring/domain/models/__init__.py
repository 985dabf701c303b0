"""Models of repeat buying and of spending, each after its paper."""
