"""What a lesson asks and how answers are judged, without widgets: a grader judges with the same pieces."""
