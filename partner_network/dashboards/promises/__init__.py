"""When each pending amount is due, who must act, and how late it is."""
