"""What happened in the shop, told to others: an outbox in the database, delivered to AWS and to webhooks."""
