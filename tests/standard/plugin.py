"""The part of pytest: a test fails whose backend gave an answer that the OGC's schemas do not permit."""

from collections.abc import Generator, Iterator

import pytest

from tests.standard.answers import AnswerCheck
from tests.standard.schemas import standard_schemas
from tests.standard.witness import Witness, witnessing

_WITNESS = pytest.StashKey[Witness | None]()


def pytest_configure(config: pytest.Config) -> None:
    schemas = standard_schemas()
    config.stash[_WITNESS] = Witness(AnswerCheck(schemas)) if schemas else None


@pytest.fixture(scope="session")
def witness(request: pytest.FixtureRequest) -> Witness:
    """Sees the answers of all backends in this process."""
    witness = request.config.stash[_WITNESS]
    if witness is None:
        pytest.skip("the schemas of the standard are not beside this checkout")
    return witness


@pytest.fixture(scope="session", autouse=True)
def answers_are_witnessed(request: pytest.FixtureRequest) -> Iterator[None]:
    """Puts the witness around every application that `create_app` makes.

    It is put in where the application gets its own layers: applications are made in many places, some of them deep
    within the bridge, and those of tests to come are to be seen too.
    """
    witness = request.config.stash[_WITNESS]
    if witness is None:
        yield
        return
    from backend import app

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(app, "api_middleware", witnessing(app.api_middleware, witness))
        yield
    _require_none_wrong(witness)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    result = yield
    if witness := item.config.stash[_WITNESS]:
        _require_none_wrong(witness)
    return result


def _require_none_wrong(witness: Witness) -> None:
    faults = witness.faults()
    assert not faults, "answers that the standard does not permit:\n" + "\n".join(faults)
