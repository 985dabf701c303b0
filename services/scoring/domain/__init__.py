"""Facts, measures and models of scoring. Pure: the standard library, numpy and scipy, no input or output."""
