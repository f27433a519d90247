"""What the shop says about shipping, returns, payment and the like, in texts that it edits itself."""
