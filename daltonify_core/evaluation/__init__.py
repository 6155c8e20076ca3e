"""The scoreboard: how much of what people put into one playlist does a method find, and at what cost to its rules?"""
