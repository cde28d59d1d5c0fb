"""The judge's commands; each module is loaded when its command is called."""
