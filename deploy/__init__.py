"""How Rapport is started: one machine, the demo, images and clusters."""
