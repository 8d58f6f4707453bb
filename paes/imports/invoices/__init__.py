"""Bills, electronic invoices, deliveries and charging sessions."""
