"""Moving a record of the engine from one state to another; how it is done belongs to trust."""

from zhizhi.trust.states import StateConflict, Transitions, move

__all__ = ["StateConflict", "Transitions", "move"]
