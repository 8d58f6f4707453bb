"""What was read, on disk until the store has it: intake, spool, sender."""
