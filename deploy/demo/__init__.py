"""A real year of a real shop, played through the suite's public HTTP API: `python -m deploy.demo`."""
