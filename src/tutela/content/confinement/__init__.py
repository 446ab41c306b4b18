"""Processes that parse untrusted bytes: what they may do, how they are asked, what they answer."""
