"""Sets of labelled faces as they are distributed: where their files lie and what they say."""
