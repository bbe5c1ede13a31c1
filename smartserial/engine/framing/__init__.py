"""From the bytes of a peer to units: one way in each file, and the plan that chooses among them."""
