"""The back-office's search field: `views.search` shows all rows that match one text."""
