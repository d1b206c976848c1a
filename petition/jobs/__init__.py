"""What happens by itself: the scheduler seals and closes, the mailer sends codes by email."""
