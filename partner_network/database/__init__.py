"""One PostgreSQL: its server, its connections and its transactions."""
