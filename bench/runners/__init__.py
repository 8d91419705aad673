"""What runs inside each reader's own environment: the standard library, that reader, and nothing else of ours."""
