"""A synthetic city: registers, inbox, weather, and the generator that made them."""
