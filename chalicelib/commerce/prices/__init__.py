"""What things cost: pricing, promotions, rules of tax and shipping."""
