"""Descriptions and requests by other authors, read where they lie beside this checkout, and measured."""

from pathlib import Path

import pytest

from tests.corpus_report.corpus import Corpus, read_corpus
from tests.corpus_report.measures import Measure, measures, sizes


@pytest.fixture(scope="module")
def corpus(shared_data: Path) -> Corpus:
    folder = shared_data / "corpus"
    if not folder.is_dir():
        pytest.skip("the corpus is not beside this checkout")
    return read_corpus(folder)


@pytest.fixture(scope="module")
def measured(corpus: Corpus) -> dict[str, Measure]:
    return {measure.title: measure for measure in measures(corpus)}


def test_every_measure_is_met_by_many_descriptions(measured: dict[str, Measure]) -> None:
    assert {title: measure.against for title, measure in measured.items() if not measure.met} == {}
    assert [title for title, measure in measured.items() if measure.total < 100] == []


def test_only_an_example_that_lacks_a_required_input_is_refused(measured: dict[str, Measure]) -> None:
    refused = measured["authors' examples accepted"].against
    assert [line for line in refused if "is required" not in line] == []


def test_tools_are_short(corpus: Corpus) -> None:
    size = sizes(corpus.described)
    assert size.met, size
    assert size.largest <= 4000


def test_no_input_is_lost_and_none_fails_inside(corpus: Corpus) -> None:
    for described in corpus.described:
        assert described.inputs.keys() <= set(described.tool.argument_names.values()), described.file
        notes = described.tool.process.diagnostics
        assert not [note for note in notes if "cannot be read" in note.message], described.file
