"""Every operation of three clients of other authors is used in the tests of this folder: it is read from both.

A release of theirs with one more operation fails here, until a test runs it.
"""

import dataclasses
import inspect

import ogc_api_processes_client
import typer
from cuiman import AsyncClient, Client, ClientConfig, JobMonitor, JobOptions
from cuiman.api import service_client
from cuiman.app import App
from ogc_api_processes_client.api_client_wrapper import ApiClientWrapper
from owslib.ogcapi.processes import Processes

from tests.interop.cuiman_setting import cli
from tests.interop.exercised import given, operations, used, used_in_coroutines, written

GENERATED = "test_cuiman_generated_clients"
CUIMAN = ("test_cuiman", "test_cuiman_app", "test_cuiman_openid", "test_client_credentials", GENERATED)
COMMAND_LINE = ("test_cuiman_command_line", "test_client_credentials")
OGC_API_PROCESSES_CLIENT = ("test_ogc_api_processes_client", "test_ogc_api_processes_client_apis")


def test_operations_are_found() -> None:
    """This module would pass if it found none."""
    assert {"processes", "process", "execute", "api", "conformance"} <= operations(Processes)
    assert {"get_jobs", "execute_simple", "get_result_simple"} <= operations(ApiClientWrapper)
    assert {"get_jobs", "open_job_result", "login", "show_app", "token"} <= operations(Client) & operations(AsyncClient)
    assert {"create", "from_file", "write", "register_job_result_opener"} <= operations(ClientConfig)


def test_each_operation_of_owslib_is_used() -> None:
    assert operations(Processes) - used("test_owslib") == set()


def test_each_operation_of_ogc_api_processes_client_is_used() -> None:
    assert operations(ApiClientWrapper) - used("test_ogc_api_processes_client") == set()
    apis = [kind for name, kind in inspect.getmembers(ogc_api_processes_client, inspect.isclass) if name[-3:] == "Api"]
    plain = {name for kind in apis for name in operations(kind) if "_with" not in name}
    assert plain
    assert plain - written("test_ogc_api_processes_client_apis") == set()


def test_each_operation_of_cuiman_is_used() -> None:
    for kind in (Client, ClientConfig, App):
        assert operations(kind) - used(*CUIMAN) == set(), kind
    # The clients call `update`; see the test of the one that cancels.
    assert operations(JobMonitor) - used_in_coroutines(GENERATED) - used(GENERATED) == {"update"}
    assert {option.name for option in dataclasses.fields(JobOptions)} - given(*CUIMAN) == set()


def test_each_operation_of_cuimans_asynchronous_client_is_used() -> None:
    assert operations(AsyncClient) - used_in_coroutines(*CUIMAN) == set()


def test_cuiman_generates_clients_in_one_way() -> None:
    functions = [one for _, one in inspect.getmembers(service_client, inspect.isfunction)]
    public = {one.__name__ for one in functions if one.__module__ == service_client.__name__ and one.__name__[0] != "_"}
    # The first two are called here, and the second calls the third.
    assert public == {
        "fetch_process_descriptions",
        "write_service_client_modules",
        "generate_service_client_modules",
    }


def test_each_command_of_cuiman_is_run_with_each_option() -> None:
    group = typer.main.get_command(cli)
    commands = group.commands
    strings = written(*COMMAND_LINE)
    assert commands.keys() - strings == set()
    options = [one for command in commands.values() for one in command.params if one.param_type_name == "option"]
    assert {one.opts[0] for one in options if not strings & set(one.opts)} == set()
    # The two that are left are the shell's, and every program's that is made with typer.
    own = {one.opts[0] for one in group.params if not strings & set(one.opts)}
    assert own == {"--install-completion", "--show-completion"}
