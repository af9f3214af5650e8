"""Pages and tables for people: the HTML report and the layer table."""
