"""The errors behind an error."""


def causes_of(error: BaseException) -> list[BaseException]:
    """Return `error` and all its causes, including those in groups."""
    chain: list[BaseException] = []
    todo: list[BaseException | None] = [error]
    while todo:
        cause = todo.pop()
        if cause is None or cause in chain:
            continue
        chain.append(cause)
        todo += [cause.__cause__, cause.__context__]
        if isinstance(cause, BaseExceptionGroup):
            todo += cause.exceptions
    return chain
