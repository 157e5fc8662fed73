"""How toxic is a text, by a Detoxify checkpoint: with torch, or exported and without?"""
