"""Templates, campaigns, dispatch over SMTP, and the ways out of them."""
