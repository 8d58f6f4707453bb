"""The inventory in the Covenant's tables A to D, with their codes."""
