"""The demo service: a loopback HTTP server in this process that plays a model. It is none."""
