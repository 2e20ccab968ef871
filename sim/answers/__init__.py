"""Answers: what came out of a question, one frozen value each, with what follows from it.

`run.Run` (a network on inputs), `training_step.TrainingStep` (one of those), `generation.Generation`
(prompts, then tokens) and `serving.Serving` (requests for tokens over time) share the base `base.Answer`:
figures, JSON, report, page, tables. Everything is computed when it is asked for, from the Program and what
the engine said.
"""
