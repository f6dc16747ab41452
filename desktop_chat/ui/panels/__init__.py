"""Side panels, each one file with a ``PanelSpec``."""
