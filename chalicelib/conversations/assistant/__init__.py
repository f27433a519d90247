"""The assistant: questions understood, looked up with tools, answered from what was found."""
