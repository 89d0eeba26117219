"""Learning from corrections: what the classifier is unsure of goes to a person, and what they say into training.

`selection` picks the posts, `sheet` is the file a person edits, `guideline` checks what they wrote,
`corrections` keeps it as training rows.
"""
