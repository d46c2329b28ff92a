"""What goes wrong with the Hub, in plain words."""

from collections.abc import Iterator
from contextlib import contextmanager

from dashgaze.errors import DashgazeError, InputError, OutputError

_TOKEN = (
    "Make a token that may write at https://huggingface.co/settings/tokens, then `hf auth login`."
)


@contextmanager
def plain_words(repo_id: str, endpoint: str) -> Iterator[None]:
    """Turn what huggingface_hub raises into an error that says what to do.

    Parameters
    ----------
    repo_id, endpoint
        What was to be reached, and where.
    """
    http_error = _http_error()
    try:
        yield
    except DashgazeError:
        raise
    except (http_error, OSError, ValueError, RuntimeError) as error:
        raise _translated(error, repo_id, endpoint) from error


def no_token() -> InputError:
    """Say that nobody is logged in."""
    return InputError("There is no token for the Hub.", fix=_TOKEN)


def _http_error() -> type[Exception]:
    """Give the base of the errors of the HTTP library below, which changed twice."""
    from huggingface_hub.errors import HfHubHTTPError

    base: type[Exception] = HfHubHTTPError.__mro__[1]
    return base


def _translated(error: Exception, repo_id: str, endpoint: str) -> DashgazeError:
    from huggingface_hub import errors

    cause = error.__cause__
    if isinstance(error, RuntimeError) and isinstance(cause, (_http_error(), OSError)):
        error = cause  # "Error while uploading": from one of several threads
    if isinstance(error, errors.OfflineModeIsEnabled):
        return OutputError(
            "HF_HUB_OFFLINE is set: the Hub must not be reached.", fix="Unset it and try again."
        )
    if isinstance(error, errors.LocalTokenNotFoundError):
        return no_token()
    if isinstance(error, errors.HfHubHTTPError):
        return _answered(error, repo_id, endpoint)
    reason = str(error).strip().rstrip(".") or type(error).__name__
    if isinstance(error, (_http_error(), OSError)):
        return OutputError(
            f"The Hub can't be reached at {endpoint}: {reason}.",
            fix="Check the network and try again; what was sent already is not sent twice.",
        )
    return OutputError(f"The Hub did not take the data set: {reason}.")


def _answered(error: Exception, repo_id: str, endpoint: str) -> DashgazeError:
    response = getattr(error, "response", None)
    status = getattr(response, "status_code", None)
    said = str(getattr(error, "server_message", None) or error).splitlines()
    answer = said[0].rstrip(".") if said else "no reason given"
    organization = repo_id.partition("/")[0]
    if status == 401:
        return InputError("The Hub does not accept the token.", fix=_TOKEN)
    if status == 403:
        return OutputError(
            f"The token may not write to {repo_id}: {answer}.",
            fix=f"Ask for write access to {organization}, or take a token that has it.",
        )
    if status == 404:
        return OutputError(
            f"There is no {repo_id} on the Hub that the token may see: {answer}.",
            fix="Check the name, and that the token may read and write there.",
        )
    if status == 412:
        return OutputError(
            f"{repo_id} was changed by someone else meanwhile.", fix="Run the export again."
        )
    if status == 429:
        return OutputError("The Hub asks for a pause.", fix="Run the export again in an hour.")
    return OutputError(
        f"The Hub at {endpoint} answered {status or 'with an error'}: {answer}.",
        fix="Run the export again; what was sent already is not sent twice.",
    )
