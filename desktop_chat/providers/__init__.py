"""Services behind the ``Provider`` port: one wire protocol per file, one transport seam."""
