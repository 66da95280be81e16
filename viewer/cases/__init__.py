"""What is looked at, as one file: written, reopened, kept against a crash, and answered again."""
