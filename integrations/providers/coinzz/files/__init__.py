"""Files of orders that people upload. Entry points: `order_file.read_file` and `template`."""
