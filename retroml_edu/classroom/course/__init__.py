"""What the lessons of the course ask: questions, exercises with their cases, and tasks that are graded.

It stands here and not in the notebooks: what a student reads does not tell the answers, and a grader needs no notebook.
"""
