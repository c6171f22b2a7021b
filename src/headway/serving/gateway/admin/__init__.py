"""What people who look after a gateway see and may do: an app on its own port, and its page."""
