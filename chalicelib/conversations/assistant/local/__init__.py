"""The assistant that needs no network: cues and slots understood, tools asked, answers made of what they found."""
