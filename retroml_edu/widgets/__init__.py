"""The panel: what a person sees and touches in a notebook."""
