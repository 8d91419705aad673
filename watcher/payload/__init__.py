"""What endpoints are told: the JSON payload of an alert, its schema, and the message of a notice."""
