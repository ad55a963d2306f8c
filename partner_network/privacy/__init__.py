"""What is kept about people, on what ground and how long; export, erasure, opting out."""
