"""Background work: leases, queue, clock, signs of life, places where the proofs kill."""
