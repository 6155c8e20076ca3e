"""Reading public data sets: what their columns mean, how their cells are written, and what was made of them.

Nobody agrees on a form for tables of Spotify's audio features. Everything here is about meaning; finding and opening
files is the adapters' work.
"""
