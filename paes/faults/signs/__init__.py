"""What several rules look for: nights, lit nights, heated hours, standstills, silence, windows."""
