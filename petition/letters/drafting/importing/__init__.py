"""Taking a letter from a file: Markdown, plain text, or a word processor's .docx."""
