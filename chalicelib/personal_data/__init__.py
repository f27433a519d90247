"""All that the shop knows of one person, from every domain: given out and forgotten. No domain knows this one."""
