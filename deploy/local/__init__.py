"""The whole suite on one machine, supervised: `python -m deploy.local run`."""
