"""How people come to buy."""
