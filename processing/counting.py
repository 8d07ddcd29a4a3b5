"""What became of the tasks of workers, in figures."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import MediaError
from core.metrics import TASK_SECONDS, TASKS
from processing.task import ProcessingError, TaskName


@contextmanager
def counted(task: TaskName) -> Iterator[None]:
    """Count the block as one task, by its outcome."""
    began, outcome = time.perf_counter(), "cancelled"
    try:
        yield
        outcome = "done"
    except ProcessingError as error:
        outcome = error.failure.value
        raise
    except MediaError as error:
        outcome = error.code.value.lower()
        raise
    finally:
        TASKS.labels(task, outcome).inc()
        TASK_SECONDS.labels(task).observe(time.perf_counter() - began)
