"""Who may sign in: accounts, tokens, throttled logins."""
