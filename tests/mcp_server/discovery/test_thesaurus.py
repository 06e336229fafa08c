"""A text speaks of a group where it has the words of one of its terms close together."""

from collections import Counter
from importlib.resources import files

from mcp_server.discovery.stems import stem, stems
from mcp_server.discovery.thesaurus import NEAR, SAME, thesaurus


def groups(text: str) -> set[int]:
    return {group for group, weight in thesaurus().spoken_of(stems(text)).items() if weight == SAME}


def test_terms_of_one_group_lead_to_each_other() -> None:
    for one, other in [
        ("puffer", "tampon"),
        ("steepness", "pente"),
        ("zone around wells", "dilate"),
        ("isolines", "contour"),
    ]:
        assert groups(one) & groups(other), (one, other)


def test_a_phrase_counts_only_where_its_words_stand_together() -> None:
    near = thesaurus().phrases_in(stems("the lakes and their heat, on a map"))
    apart = thesaurus().phrases_in(
        stems("the heat of summer days dries out lakes and streams of the region on that map")
    )
    between = thesaurus().phrases_in(stems("heat above lakes map"))
    further = thesaurus().phrases_in(stems("heat above lakes, streams map"))
    heat_map = set(thesaurus().phrases_in(stems("heat map")))
    assert heat_map <= set(near)
    assert heat_map & set(between), "two words stand between them"
    assert not heat_map & set(further), "three do"
    assert not heat_map & set(apart)


def test_near_terms_count_less_than_same_ones() -> None:
    (group,) = thesaurus().words[stem("pufferzone")]
    assert thesaurus().words[stem("pufferzone")][group] == SAME
    assert thesaurus().words[stem("margin")][group] == NEAR < SAME


def test_every_line_is_a_group_of_at_least_two_terms_and_none_has_a_term_twice() -> None:
    for file in (files("mcp_server.discovery") / "terms").iterdir():
        for line in file.read_text(encoding="utf-8").splitlines():
            if not line or line.startswith("#"):
                continue
            same = [term.strip() for term in line.partition(";")[0].split(",")]
            assert all(same), f"{file.name}: an empty term in {line[:60]!r}"
            assert len(line.replace(";", ",").split(",")) > 1, f"{file.name}: {line[:60]!r}"
            assert [term for term, count in Counter(same).items() if count > 1] == [], f"{file.name}: {line[:60]!r}"
