"""The words that every other room speaks: frozen data and Protocols, standard library only."""
