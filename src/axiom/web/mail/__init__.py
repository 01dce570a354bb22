"""What mails and alerts say."""
