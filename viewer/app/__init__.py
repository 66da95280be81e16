"""The window put together and started, and what drives it without a user."""
