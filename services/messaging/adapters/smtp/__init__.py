"""E-mail over SMTP: letters to MIME, and a pipelining client over kept connections."""
