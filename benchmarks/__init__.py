"""How fast is it, and how much does it need? What docs/benchmarks.md reports, runnable by anyone."""
