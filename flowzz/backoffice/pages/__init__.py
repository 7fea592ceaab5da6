"""Pages of the back-office about no model: settings and help."""
