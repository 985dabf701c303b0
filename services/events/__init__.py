"""events: takes in every touchpoint, keeps each customer's timeline, and tells the other services."""
