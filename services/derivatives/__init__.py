"""What is computed from files: previews, texts, analyses and sizes."""
