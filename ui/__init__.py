"""What people see: maps, pages, wording and reports."""
