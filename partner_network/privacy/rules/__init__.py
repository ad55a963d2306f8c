"""The one list of what is kept about people, and the periods after which it goes."""
