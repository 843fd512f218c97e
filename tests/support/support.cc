// Keeps the library non-empty; the doubles live beside this file.
