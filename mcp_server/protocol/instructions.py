"""What a model is told before its first call. Pure."""

from collections.abc import Iterable

_TEXT = """\
Geospatial processing: each tool is one process of an OGC API – Processes server ({servers}). Where find_processes is \
listed there are more processes than tools: find_processes finds them by words and by facts about the data, \
describe_process tells their inputs, run_process runs one, as its own tool would; a process that is listed is called \
directly.

Results are references. Every output has a URI (ogc://SERVER/jobs/JOB/results/OUTPUT) and a summary: count, geometry \
types, CRS, bounding box, fields, key numbers. Pass the URI as the argument of the next tool in place of the geometry \
or data; never copy coordinates between calls. read_result reads what a summary does not tell, page by page.

Long work becomes a job. A call answers within about {wait:.0f} s, with the result or with the URI of its job: get_job \
waits further and returns the result, list_jobs lists, dismiss_job stops a job and deletes its results. Cancelling a \
call dismisses its job. Where a server makes no jobs the bridge waits for it: such a job is ogc://bridge/jobs/ID, its \
outputs ogc://bridge/results/ID/OUTPUT.

Coordinates are longitude, latitude in degrees (OGC:CRS84, as in GeoJSON) unless a tool says otherwise; distances, \
lengths and areas are in the unit that each tool names, metres by default. Where `warnings` come with a result, tell \
them to the user. The full description of a process is the resource ogc://SERVER/processes/ID."""


_DATASETS = """\


Files that a server has, the user's own among them, are datasets: list_datasets tells their URIs \
(ogc://SERVER/collections/ID, or ID#LAYER of a file with layers), which are arguments as those of results are."""


_FILES = """\


save_result writes a result to a file in the user's folder: where the user wants to have it."""


def instructions(servers: Iterable[str], *, wait_seconds: float, datasets: bool = False, saves: bool = False) -> str:
    """The instructions of a bridge to these servers.

    `wait_seconds` is how long a call waits for its job; `datasets`: some of the servers have datasets; `saves`: results
    are saved as files.
    """
    text = _TEXT.format(servers=", ".join(servers) or "none is configured", wait=wait_seconds)
    return text + _DATASETS * datasets + _FILES * saves
