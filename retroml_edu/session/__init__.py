"""The composition root: brings trainers, storage, figures and environments together. No ipywidgets here."""
