"""From this checkout to a service on AWS, and back: what ``make deploy`` and ``make destroy`` run.

Every step looks at what is there before it changes anything, so a run that was interrupted is simply repeated.
"""
