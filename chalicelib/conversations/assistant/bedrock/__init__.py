"""Answers by a language model of Amazon Bedrock, within a budget and a time, and by another engine beyond them."""
