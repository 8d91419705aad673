"""What rules ask for, and how it is matched with a report."""
