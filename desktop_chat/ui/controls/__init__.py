"""Small controls in the look of ``design.md``: buttons, switches, fields, popups."""
