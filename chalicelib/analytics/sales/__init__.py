"""What is sold, in summary tables: how they are kept true, and what is read from them."""
