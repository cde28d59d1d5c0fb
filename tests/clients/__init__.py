"""How tests get other people's clients, and how they drive them. What must not enter: promises."""
