"""Facts leave a service only through its outbox: written with the change, published by the relay."""
