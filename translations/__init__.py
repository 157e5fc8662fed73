"""In which languages does the widget speak, and what do they lack? Tools for developers: nothing here is served."""
