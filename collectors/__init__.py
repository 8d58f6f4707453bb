"""From the wire to readings: profiles, gateways, schedule, simulator. Never the plan or the page."""
