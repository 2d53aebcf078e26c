"""The names by which the house knows the rule, its stream, its cases and its messages."""

CODE = "guardian.alone"
STREAM = "tag_sightings.v1"
LOST, SETTINGS = "person-alone", "guardian-review"  # kinds of cases
ASK, CALL, ANSWERED = "guardian.ask", "guardian.call", "guardian.answered"  # messages
