"""The only doors to the outside: files, documents, mail, payments and the clock."""
