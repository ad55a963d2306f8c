"""Letters to people: posted with their cause, sent afterwards, by SMTP or as files."""
