"""Close periods into statements, and sign them off."""
