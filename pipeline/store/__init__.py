"""The system of record: what is known of every customer, in SQLite or PostgreSQL."""
