"""Close a period into statements that both sides can add up."""
