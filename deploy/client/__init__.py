"""The services seen from outside, as a gateway sees them: the tour and the tests call them so."""
