"""Names of fields that measures take."""

import shapely

from backend.geo.vector.features import Features
from backend.geo.vector.field_names import free_name, with_measures_named


def test_a_name_gets_suffixes_until_it_is_free() -> None:
    assert free_name("a", []) == "a"
    assert free_name("a", ["a", "a_2"]) == "a_2_2"


def test_fields_under_the_name_of_a_measure_keep_their_values_and_place() -> None:
    features = Features(shapely.points([(0, 0)]), {"m": ["came"], "other": [1], "m_1": ["too"]}, warnings=("before",))
    made = with_measures_named(features, {"m": [2.5]})
    assert list(made.fields.items()) == [("m_1_1", ["came"]), ("other", [1]), ("m_1", ["too"]), ("m", [2.5])]
    assert made.warnings == ("before", "The field 'm' of the features is called 'm_1_1' here: m is what was found.")


def test_without_a_clash_nothing_is_told() -> None:
    made = with_measures_named(Features(shapely.points([(0, 0)]), {"a": [1]}), {"m": [2.5]})
    assert (dict(made.fields), made.warnings) == ({"a": [1], "m": [2.5]}, ())
