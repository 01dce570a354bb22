"""Which runner each platform is offered."""
