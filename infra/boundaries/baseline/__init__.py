"""What a module lives with for now: findings known by identity, each with a reason, an owner and a day on which it ends."""
