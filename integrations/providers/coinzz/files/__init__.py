"""Files of orders that people upload: their columns, their formats, and a template."""
