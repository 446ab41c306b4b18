"""Why a confined process gave no answer."""

from __future__ import annotations

from enum import StrEnum


class Fault(StrEnum):
    """What became of a job, where nothing came of it."""

    CRASHED = "decoder_crashed"
    FAILED = "decoder_failed"
    TIMED_OUT = "timed_out"
    TOO_MUCH_CPU_TIME = "too_much_cpu_time"
    TOO_MUCH_MEMORY = "too_much_memory"
    TOO_MUCH_OUTPUT = "too_much_output"
    VIOLATED = "confinement_violated"


class Lost(Exception):
    """A job came to nothing. `problem`: an exception's name, where the process told one."""

    def __init__(self, fault: Fault, problem: str = "") -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.problem = problem
