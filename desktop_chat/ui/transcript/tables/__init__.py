"""Tables: rows, columns, taking them away."""
