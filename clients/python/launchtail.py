"""Launchtail's client for Python: every operation, and streams that reconnect by themselves.

    from launchtail import Client, Done, Log

    with Client("http://127.0.0.1:8080", token) as client:
        for event in client.stream("my-node"):
            if isinstance(event, Log):
                print(event.message)
            elif isinstance(event, Done):
                print("it is", event.status)

One file for Python 3.9 or newer, with the standard library only. All times are seconds. A refusal
of the server raises ApiError, a server that cannot be reached ConnectionFailed. Both are
LaunchtailError.
"""

import email.utils
import hashlib
import http.client
import io
import json
import os
import random as _random
import re
import socket
import threading
import time
import warnings
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    ClassVar,
    Dict,
    Generic,
    Iterable,
    Iterator,
    List,
    Mapping,
    Optional,
    Sequence,
    Set,
    Tuple,
    TypeVar,
    Union,
)
from urllib.parse import quote, urlencode, urlsplit

__all__ = [
    "ApiError",
    "Client",
    "ConnectionFailed",
    "Deleted",
    "Done",
    "End",
    "Error",
    "Event",
    "Gap",
    "History",
    "LaunchtailError",
    "Log",
    "LogsEvent",
    "Member",
    "Node",
    "NodesEvent",
    "Ready",
    "Status",
    "Stream",
    "StreamTimeout",
    "get_node_logs",
    "stream_node_logs",
]
__version__ = "0.1.0"

DEFAULT_URL = "http://127.0.0.1:8080"

# Three heartbeats. A connection that is silent for longer is dead, even if TCP keeps it.
_SILENCE = 45.0
_FIRST_DELAY = 1.0
_LONGEST_DELAY = 30.0
# Seconds before another try where a busy server names none.
_USUAL_WAIT = 5.0
# Our events are smaller.
_LARGEST_EVENT = 4 * 1024 * 1024
_READ_SIZE = 64 * 1024


class LaunchtailError(Exception):
    """The base of all errors that this module raises."""


class ApiError(LaunchtailError):
    """The server refused the request.

    `status` is the HTTP status, and the message is the server's own. `retry_after` is the number of
    seconds after which to try again, or None if the server did not say.
    """

    def __init__(self, status: int, message: str, retry_after: Optional[float] = None):
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after

    @property
    def is_passing(self) -> bool:
        """True if the same request may succeed later."""
        return self.status in (408, 429) or self.status >= 500


class ConnectionFailed(LaunchtailError, ConnectionError):
    """No server could be reached, or the connection broke. `__cause__` says why."""


class StreamTimeout(LaunchtailError, TimeoutError):
    """There was no event for as long as the caller wanted to wait."""


@dataclass(frozen=True)
class Log:
    """An entry of the log. `progress` is in percent, 0 to 100. It and `details` may be None.

    `node_id` is None in the stream of one node, here and in the other events."""

    event: ClassVar[str] = "log"
    timestamp: str
    level: str
    message: str
    phase: str
    progress: Optional[float] = None
    details: Optional[str] = None
    id: str = ""
    node_id: Optional[str] = None


@dataclass(frozen=True)
class Status:
    """The progress of the launch, in percent, 0 to 100."""

    event: ClassVar[str] = "status"
    phase: str
    progress: float
    message: str
    id: str = ""
    node_id: Optional[str] = None


@dataclass(frozen=True)
class Error:
    """An error of the launch or, without an `id`, of the server; never a broken connection."""

    event: ClassVar[str] = "error"
    error: str
    details: str = ""
    phase: Optional[str] = None
    id: str = ""
    node_id: Optional[str] = None


@dataclass(frozen=True)
class Done:
    """The last event. `status` is active, failed, terminated or deleted; with follow=False also
    launching."""

    event: ClassVar[str] = "done"
    status: str
    message: str
    endpoint: Optional[str] = None
    id: str = ""
    node_id: Optional[str] = None


@dataclass(frozen=True)
class Gap:
    """The log has been replaced or cut since it was read. All that it has now follows.

    `reason` is expired, rewritten or unknown. `missed` counts the entries known to be missing.
    """

    event: ClassVar[str] = "gap"
    requested: str
    resumed_from: str
    missed: int
    reason: str
    id: str = ""
    node_id: Optional[str] = None


Event = Union[Log, Status, Error, Done, Gap]


@dataclass(frozen=True)
class Member:
    """In the stream of many nodes: a launch has begun, or has entered (`joined`) or left (`left`) the
    phase that was asked for."""

    event: ClassVar[str] = "node"
    node_id: str
    state: str
    id: str = ""


@dataclass(frozen=True)
class End:
    """The last event of a stream of named nodes. `nodes` says how many of them ended how, such as
    {"active": 3, "failed": 1}."""

    event: ClassVar[str] = "end"
    nodes: Dict[str, int]
    id: str = ""


LogsEvent = Union[Event, Member, End]


@dataclass(frozen=True)
class Node:
    """A node that is new or has changed. `record` is what get_node returns."""

    event: ClassVar[str] = "node"
    record: Dict[str, Any]
    id: str = ""


@dataclass(frozen=True)
class Ready:
    """The current nodes have been sent, `count` of `total`, and changes follow. A node of an
    earlier connection that was not sent again is gone."""

    event: ClassVar[str] = "ready"
    count: int
    total: int
    id: str = ""


@dataclass(frozen=True)
class Deleted:
    """The node no longer exists."""

    event: ClassVar[str] = "deleted"
    node_id: str
    id: str = ""


NodesEvent = Union[Node, Ready, Deleted]
_E = TypeVar("_E")

_EVENTS: Dict[str, Tuple[Callable[..., Any], Tuple[str, ...]]] = {
    kind.event: (kind, tuple(name for name in kind.__dataclass_fields__ if name != "event"))
    for kind in (Log, Status, Error, Done, Gap, End, Node, Ready, Deleted)
}


@dataclass(frozen=True)
class History:
    """A node's log. `logs` are the entries as dicts, oldest first. The page before this one ends
    `before` `first`, the page after it begins `after` `cursor`. Except on a page with `after`, stream
    from `cursor` as `last_event_id` to continue without a gap or an overlap. `expired` is True if the
    node had a log that is no longer kept."""

    node_id: str
    count: int
    logs: List[Dict[str, Any]]
    first: str
    cursor: str
    expired: bool


Levels = Union[str, Sequence[str], None]
Output = Union[bytes, str, io.IOBase, Iterable[bytes]]
# ("connecting", None, None), ("live", None, None), ("waiting", seconds, the error or None)
StateListener = Callable[[str, Optional[float], Optional[Exception]], None]


def stream_node_logs(
    node_id: str,
    admin_token: str,
    *,
    base_url: Optional[str] = None,
    on_event: Optional[Callable[[Event], None]] = None,
    **options: Any,
) -> Optional[Done]:
    """Follows a node's launch to its end, prints each event, and returns its Done.

    `on_event` is called with each event instead of printing it. `base_url` is the server's address.
    It defaults to LAUNCHTAIL_URL, or else to http://127.0.0.1:8080. `options` are those of
    Client.stream, and so are the errors. Returns None if nothing follows `last_event_id`.
    """
    with Client(base_url, admin_token) as client:
        for event in client.stream(node_id, **options):
            (on_event or _show)(event)
            if isinstance(event, Done):
                return event
    return None


def get_node_logs(
    node_id: str, admin_token: str, tail: Union[int, str] = 100, *, base_url: Optional[str] = None
) -> List[Dict[str, Any]]:
    """The newest `tail` entries of a node's log (or "all"), oldest first, as dicts.

    `base_url` is as for stream_node_logs. Raises ApiError and ConnectionFailed.
    """
    with Client(base_url, admin_token) as client:
        return client.get_node_logs(node_id, tail=tail).logs


class Client:
    """Every operation of one server. Threads may share it.

    base_url: the server's address; a path in it is kept. Default LAUNCHTAIL_URL, or else
        http://127.0.0.1:8080.
    token: the admin token. Default LAUNCHTAIL_ADMIN_TOKEN.
    timeout: seconds to wait for a connection, and then for each piece of an answer. Streams have a
        timeout of their own.
    random: the source of randomness for waiting times, a function that returns 0 to 1.

    Raises ValueError if the token is missing, or if it or the address is malformed. Each operation
    raises ApiError if the server refuses it, and ConnectionFailed if there is no answer. Closing
    the client, or leaving its `with`, ends its streams: a thread that waits for an event gets
    ConnectionFailed.
    """

    def __init__(
        self,
        base_url: Optional[str] = None,
        token: Optional[str] = None,
        *,
        timeout: float = 30.0,
        random: Callable[[], float] = _random.random,
    ):
        self.base_url = (base_url or os.environ.get("LAUNCHTAIL_URL") or DEFAULT_URL).rstrip("/")
        self._token = token or os.environ.get("LAUNCHTAIL_ADMIN_TOKEN") or ""
        if not self._token:
            raise ValueError("no admin token: give one, or set LAUNCHTAIL_ADMIN_TOKEN")
        if not (self._token.isascii() and self._token.isprintable()):
            raise ValueError("the admin token has a character that no token can have")
        self._address = urlsplit(self.base_url)
        if self._address.scheme not in ("http", "https") or not self._address.hostname:
            raise ValueError(f"not an http address: {self.base_url}")
        self._address.port  # Raises ValueError if it is malformed.
        self.timeout = timeout
        self._random = random
        self._closed = threading.Event()
        self._open: Set["_Answer"] = set()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Client({self.base_url!r})"

    def close(self) -> None:
        """Ends all open streams and answers, including those that other threads wait for."""
        self._closed.set()
        for answer in tuple(self._open):
            answer.interrupt()

    def stream(
        self,
        node_id: str,
        *,
        tail: Union[int, str, None] = None,
        since: Optional[str] = None,
        level: Levels = None,
        q: Optional[str] = None,
        launch: Union[int, str, None] = None,
        follow: bool = True,
        last_event_id: str = "",
        timeout: Optional[float] = 900.0,
        on_state: Optional[StateListener] = None,
    ) -> "Stream[Event]":
        """A node's events, each once and in order, however often the connection breaks. Ends after
        Done.

        tail: how many of the newest entries come first, or "all"; the server's default is 100.
        since: only entries later than this, RFC 3339 or a duration back from now such as "10m".
        level: that level and above, or a list of exactly these. Filters Log events only.
        q: a query such as 'level:>=warn -oom'; see docs/query.md. Filters Log events only.
        launch: only this launch of the node: "latest", "previous", or its number. A past one ends
            with its Done.
        follow: False for the entries so far, then Done.
        last_event_id: resume after the event with this id.
        timeout: seconds without an event after which it raises StreamTimeout; None for never.
        on_state: called with ("connecting", None, None), ("live", None, None), and ("waiting",
            seconds until it tries again, the error or None).

        Raises ApiError for a refusal that is final (400, 401, 403, 404 ...), and StreamTimeout.
        After anything else (408, 429, 5xx, a broken connection) it reconnects, with a random delay
        that grows on average and is never shorter than the server's Retry-After. Unknown kinds of
        events are skipped.
        """
        query = {"tail": tail, "since": since, "level": level, "q": q, "launch": launch}
        query["follow"] = None if follow else False
        return self._stream(
            f"{_path_of(node_id)}/logs/stream", query, last_event_id, timeout, on_state
        )

    def stream_logs(
        self,
        *,
        node: Union[str, Sequence[str], None] = None,
        phase: Optional[str] = None,
        q: Optional[str] = None,
        level: Levels = None,
        tail: Union[int, str, None] = None,
        tail_per_node: Union[int, str, None] = None,
        since: Optional[str] = None,
        until: Optional[str] = None,
        last_event_id: str = "",
        timeout: Optional[float] = None,
        on_state: Optional[StateListener] = None,
    ) -> "Stream[LogsEvent]":
        """The events of many nodes on one connection, each once and those of a node in order. Each
        has its `node_id`.

        node: these nodes alone; it ends after End. Without it the stream has the launches that are
            under way, and each that begins joins as a Member. It does not end by itself, except at
            `until`.
        phase: only launches in this phase.
        q, level: as for `stream`.
        tail: how many of the newest entries of all nodes come first, or "all"; the server's default
            is 100.
        tail_per_node: how many of each node.
        since, until: only entries later than this, and up to this.

        last_event_id, timeout, on_state and the errors are as for `stream`.
        """
        query = {"node": node, "phase": phase, "q": q, "level": level, "tail": tail}
        query.update({"tail_per_node": tail_per_node, "since": since, "until": until})
        return self._stream("/admin/logs/stream", query, last_event_id, timeout, on_state)

    def stream_group(
        self,
        group_id: str,
        *,
        q: Optional[str] = None,
        level: Levels = None,
        tail: Union[int, str, None] = None,
        tail_per_node: Union[int, str, None] = None,
        since: Optional[str] = None,
        until: Optional[str] = None,
        last_event_id: str = "",
        timeout: Optional[float] = None,
        on_state: Optional[StateListener] = None,
    ) -> "Stream[LogsEvent]":
        """The events of a group's nodes, as `stream_logs` has them. Those that an update launches join
        as Members. It ends after End, when all have ended and no update is under way."""
        query = {"q": q, "level": level, "tail": tail, "tail_per_node": tail_per_node}
        query.update({"since": since, "until": until})
        path = f"{_group(group_id)}/stream"
        return self._stream(path, query, last_event_id, timeout, on_state)

    def stream_nodes(
        self, *, timeout: Optional[float] = None, on_state: Optional[StateListener] = None
    ) -> "Stream[NodesEvent]":
        """The records of all nodes, live: each as a Node, then Ready, then a Node or Deleted for
        each change. It does not end by itself. After each reconnect it starts over.

        timeout, on_state and the errors are as for `stream`.
        """
        return self._stream("/admin/nodes/stream", {}, "", timeout, on_state)

    def _stream(
        self,
        path: str,
        query: Dict[str, Any],
        last_event_id: str,
        timeout: Optional[float],
        on_state: Optional[StateListener],
    ) -> "Stream[Any]":
        wait = float("inf") if timeout is None else timeout
        position = _Position(last_event_id)
        told = on_state or (lambda *_: None)
        return Stream(_read_events(self, path, query, position, wait, told), position)

    def get_node_logs(
        self,
        node_id: str,
        *,
        tail: Union[int, str, None] = None,
        since: Optional[str] = None,
        level: Levels = None,
        q: Optional[str] = None,
        before: Optional[str] = None,
        after: Optional[str] = None,
        launch: Union[int, str, None] = None,
    ) -> History:
        """A node's log. `before` and `after` are cursors. The rest is as for `stream`.

        launch: only entries of this launch of the node: "latest", "previous", or its number.
        """
        query = {"tail": tail, "since": since, "level": level, "q": q}
        query.update({"before": before, "after": after, "launch": launch})
        with self._request("GET", f"{_path_of(node_id)}/logs", query) as answer:
            body = answer.json()
            return History(
                node_id=body["node_id"],
                count=body["count"],
                logs=body["logs"],
                first=answer.header("Log-First") or "",
                cursor=answer.header("Log-Cursor") or "",
                expired=answer.header("Log-Expired") == "true",
            )

    def export_node_logs(
        self,
        node_id: str,
        *,
        format: Optional[str] = None,
        raw: Optional[bool] = None,
        tail: Union[int, str, None] = None,
        since: Optional[str] = None,
        level: Levels = None,
        q: Optional[str] = None,
        launch: Union[int, str, None] = None,
        order: Optional[str] = None,
        bom: Optional[bool] = None,
        trailer: Optional[bool] = None,
    ) -> Iterator[bytes]:
        """The log as a file, in pieces as they arrive. `format` is json, ndjson, csv or text. `launch`
        is as for `get_node_logs`; `order`, `raw`, `bom` and `trailer` are as for `export_logs`."""
        query = {"format": format, "raw": raw, "tail": tail, "since": since, "level": level, "q": q}
        query.update({"launch": launch, "order": order, "bom": bom, "trailer": True})
        answer = self._request("GET", f"{_path_of(node_id)}/logs/export", query)
        _warn(answer)
        return _checked(answer, format or "json", is_resumed=False, keeps_line=bool(trailer))

    def append_node_logs(
        self,
        node_id: str,
        entries: Union[Dict[str, Any], Sequence[Dict[str, Any]]],
        *,
        idempotency_key: Optional[str] = None,
    ) -> Dict[str, Any]:
        """Stores entries: dicts that need only a `message`. Returns `accepted` and `cursor`.

        With the same `idempotency_key` the same entries are stored once within 24 hours.
        """
        headers = {"Idempotency-Key": idempotency_key}
        return self._json("POST", f"{_path_of(node_id)}/logs", body=entries, headers=headers)

    def send_output(
        self,
        node_id: str,
        output: Output,
        *,
        source: Optional[str] = None,
        offset: Optional[int] = None,
        idempotency_key: Optional[str] = None,
    ) -> Dict[str, Any]:
        """Sends raw output, from which the server reads phases, levels and progress.

        output: bytes, text, pieces of bytes, or an open file. A pipe is sent as it is written.
        source: a UUID that names the output. If a part is sent again, it is not stored again.
        offset: the position in the output at which this part begins, in bytes.

        Returns `accepted` and `cursor`, when the output has ended.
        """
        headers = {
            "Content-Type": "text/plain",
            "Idempotency-Key": idempotency_key,
            "Log-Source": source,
            "Log-Offset": None if offset is None else str(offset),
        }
        body = output.encode() if isinstance(output, str) else output
        path = f"{_path_of(node_id)}/logs"
        return self._json("POST", path, headers=headers, raw=_chunks(body))

    def get_node_log_offset(self, node_id: str, source: str) -> int:
        """The number of bytes of a source's output that have arrived: the offset to continue at."""
        headers = {"Log-Source": source}
        with self._request("HEAD", f"{_path_of(node_id)}/logs", headers=headers) as answer:
            return int(answer.header("Log-Offset") or 0)

    def launch_node(
        self, launch: Dict[str, Any], *, idempotency_key: Optional[str] = None
    ) -> Dict[str, Any]:
        """Launches a node. `launch` needs a `provider`. Returns `node_id`, `cluster_name` and
        `status`."""
        headers = {"Idempotency-Key": idempotency_key}
        return self._json("POST", "/admin/nodes/launch", body=launch, headers=headers)

    def plan_launch(self, launch: Dict[str, Any]) -> Dict[str, Any]:
        """What a launch would do: its `task`, `places`, `problems` and `history`. Nothing is launched
        or stored. It may take a minute, which is more than the usual `timeout`."""
        return self._json("POST", "/admin/nodes/plan", body=launch)

    def create_node(self, node: Optional[Dict[str, Any]] = None) -> Dict[str, Any]:
        """Registers a node that another program launches, and returns its record."""
        return self._json("POST", "/admin/nodes", body=node or {})

    def list_nodes(
        self,
        *,
        phase: Optional[str] = None,
        provider: Optional[str] = None,
        q: Optional[str] = None,
        unattended: Optional[bool] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
    ) -> Dict[str, Any]:
        """Nodes, newest first: `nodes`, `count`, and `cursor` if there is another page.

        `q` is a part of the id, name, cluster name, model, GPU or region; `unattended` has
        only those that run with nobody having looked at them for a day; `limit` is 1 to 1000.
        """
        query = {"phase": phase, "provider": provider, "q": q, "limit": limit, "cursor": cursor}
        if unattended is not None:
            query["unattended"] = "true" if unattended else "false"
        return self._json("GET", "/admin/nodes", query=query)

    def get_node(self, node_id: str) -> Dict[str, Any]:
        """A node's record: the state of its launch, its phases, and its failure if it failed."""
        return self._json("GET", _path_of(node_id))

    def list_node_launches(self, node_id: str) -> List[Dict[str, Any]]:
        """A node's launches, newest first: `number`, `outcome`, `phases` and what it was."""
        launches: List[Dict[str, Any]] = self._json("GET", f"{_path_of(node_id)}/launches")["launches"]
        return launches

    def get_node_launch(self, node_id: str) -> Dict[str, Any]:
        """What a node was launched with, without its secrets: `request`, `secrets`, `masked`."""
        return self._json("GET", f"{_path_of(node_id)}/launch")

    def relaunch_node(
        self,
        node_id: str,
        changes: Optional[Dict[str, Any]] = None,
        *,
        idempotency_key: Optional[str] = None,
    ) -> Dict[str, Any]:
        """Launches again what a node was launched with, as a new node.

        changes: the fields that are to be different; `None` takes one out. The values of secrets are
        not kept once a launch is over, and must be given again.
        """
        headers = {"Idempotency-Key": idempotency_key}
        path = f"{_path_of(node_id)}/relaunch"
        return self._json("POST", path, body=changes or {}, headers=headers)

    def launch_group(
        self, group: Dict[str, Any], *, idempotency_key: Optional[str] = None
    ) -> Dict[str, Any]:
        """Launches several nodes of the same. `group` is a launch with `replicas`, and perhaps a
        `group_id`. Returns `group_id`, `replicas`, `status` and `nodes`."""
        headers = {"Idempotency-Key": idempotency_key}
        return self._json("POST", "/admin/groups", body=group, headers=headers)

    def list_groups(
        self, *, limit: Optional[int] = None, cursor: Optional[str] = None
    ) -> Dict[str, Any]:
        """Groups, newest first: `groups`, `count`, and `cursor` if there is another page."""
        return self._json("GET", "/admin/groups", query={"limit": limit, "cursor": cursor})

    def get_group(self, group_id: str) -> Dict[str, Any]:
        """A group: how many of its nodes are active, its newest update, and its `nodes`."""
        return self._json("GET", _group(group_id))

    def update_group(
        self,
        group_id: str,
        update: Optional[Dict[str, Any]] = None,
        *,
        idempotency_key: Optional[str] = None,
    ) -> Dict[str, Any]:
        """Replaces a group's nodes, one after the other, and returns the group.

        update: the fields that are to be different, as for `relaunch_node`, and perhaps `only` (a list
            of nodes) and `max_surge`.
        """
        headers = {"Idempotency-Key": idempotency_key}
        return self._json("PATCH", _group(group_id), body=update or {}, headers=headers)

    def terminate_group(self, group_id: str) -> Dict[str, Any]:
        """Terminates all nodes of a group, and returns it."""
        return self._json("POST", f"{_group(group_id)}/terminate")

    def delete_group(self, group_id: str) -> None:
        """Deletes a group, its nodes and their logs."""
        with self._request("DELETE", _group(group_id)):
            pass

    def name_cause(self, node_id: str, index: int, *, code: Optional[str] = None) -> Dict[str, Any]:
        """Names the line that made the newest launch fail, and returns the node's record.

        index: the line's place in the node's list, from 0.
        code: the cause, one of those in docs/phases.md. By default the server reads it from the line.

        Raises ApiError 404 if the launch has not failed or has no such line.
        """
        body = {"index": index, **({} if code is None else {"code": code})}
        return self._json("PUT", f"{_path_of(node_id)}/failure", body=body)

    def take_back_cause(self, node_id: str) -> Dict[str, Any]:
        """Goes back to the cause that the server has read, and returns the node's record."""
        return self._json("DELETE", f"{_path_of(node_id)}/failure")

    def get_stats(
        self,
        *,
        q: Optional[str] = None,
        since: Optional[str] = None,
        until: Optional[str] = None,
        by: Union[str, Sequence[str], None] = None,
        bucket: Optional[str] = None,
        last: Optional[int] = None,
    ) -> Dict[str, Any]:
        """Statistics of launches that ended: `total`, `groups`, `series`, `capacity`, `last`.

        q: only launches that this query finds, such as "region:us-west-2 spot:true".
        since, until: only launches that ended later than this, and up to this: RFC 3339 or a
            duration back such as "7d".
        by: what to group by, of provider, region, gpu, model, spot.
        bucket: how long a bucket of `series` is, such as "1h" or "1d".
        last: how many of the most recent launches to list, 0 to 200.
        """
        query = {"q": q, "since": since, "until": until, "by": by, "bucket": bucket, "last": last}
        return self._json("GET", "/admin/stats", query=query)

    def search_logs(
        self,
        q: Optional[str] = None,
        *,
        since: Optional[str] = None,
        until: Optional[str] = None,
        level: Levels = None,
        phase: Optional[str] = None,
        node: Union[str, Sequence[str], None] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
        order: Optional[str] = None,
        context: Optional[int] = None,
        launch: Union[int, str, None] = None,
    ) -> Dict[str, Any]:
        """Entries of all nodes, newest first, also of logs that have expired: `count`, `complete`,
        `logs`, each an entry with its `node_id` and `cursor`, and `cursor`. `last_event_id` is where
        `stream_logs` goes on with the same `q`, `level` and `node`; see docs/search.md.

        q: only entries that this query finds; see docs/query.md.
        cursor: the `cursor` of the search before. This one goes on from there.
        context: how many entries before and after each in its log come with it, 0 to 20.
        launch: with one `node`, only entries of this launch of it; as for `get_node_logs`.
        """
        query = _entries(q, since, until, level, phase, node, launch)
        query.update({"limit": limit, "cursor": cursor, "order": order, "context": context})
        with self._request("GET", "/admin/logs", query) as answer:
            found: Dict[str, Any] = answer.json()
            last_event_id = answer.header("Log-Cursor")
            return {**found, **({"last_event_id": last_event_id} if last_event_id else {})}

    def count_logs(
        self,
        q: Optional[str] = None,
        *,
        since: Optional[str] = None,
        until: Optional[str] = None,
        level: Levels = None,
        phase: Optional[str] = None,
        node: Union[str, Sequence[str], None] = None,
        bucket: Optional[str] = None,
        launch: Union[int, str, None] = None,
    ) -> Dict[str, Any]:
        """How many entries a search would find, by time and level: `count`, `complete`,
        `bucket_seconds`, `buckets`.

        bucket: how long a bucket is, such as "5m". By default as long as fits into 60 of them.
        """
        query = {**_entries(q, since, until, level, phase, node, launch), "bucket": bucket}
        return self._json("GET", "/admin/logs/stats", query=query)

    def export_logs(
        self,
        q: Optional[str] = None,
        *,
        format: Optional[str] = None,
        since: Optional[str] = None,
        until: Optional[str] = None,
        level: Levels = None,
        phase: Optional[str] = None,
        node: Union[str, Sequence[str], None] = None,
        order: Optional[str] = None,
        cursor: Optional[str] = None,
        raw: Optional[bool] = None,
        bom: Optional[bool] = None,
        trailer: Optional[bool] = None,
        now: Optional[str] = None,
        launch: Union[int, str, None] = None,
        resume: Optional[Tuple[int, str]] = None,
        on_wait: Optional[Callable[[float, ApiError], None]] = None,
    ) -> Iterator[bytes]:
        """The logs of all nodes as a file, oldest entry first, in pieces as they arrive. One
        that was cut, or has arrived damaged, raises ConnectionFailed at its end. Waits while the
        server makes as many exports as it may. A `Log-Warning` of the server's is a UserWarning.

        format: ndjson, which is the default, json, csv or text.
        cursor: the `Log-Cursor` of an export before, for what has come since.
        raw, bom: CSV: leave all cells as they are; begin with the mark by which Excel knows UTF-8.
        trailer: end NDJSON and CSV with a line that has the number of entries and the SHA-256 of
            the lines before.
        now: the time that "-2h" and "today" in q are counted from, RFC 3339.
        launch: with one `node`, only entries of this launch of it; as for `get_node_logs`.
        resume: the number of bytes that there are already, and their SHA-256 in hex. What follows
            them comes. Raises ApiError 412 if they would be others now.
        on_wait: called before each pause in front of a busy server, with its seconds and the
            refusal.
        """
        query = _entries(q, since, until, level, phase, node, launch)
        query.update({"format": format, "order": order, "cursor": cursor, "now": now})
        query.update({"raw": raw, "bom": bom, "trailer": True})
        offset, digest = resume or (None, None)
        headers = {"Log-Offset": None if offset is None else str(offset), "Log-Digest": digest}
        while True:
            try:
                answer = self._request("GET", "/admin/logs/export", query, headers)
                break
            except ApiError as refused:
                if refused.status != 429:
                    raise
                self._wait(refused, on_wait)
        _warn(answer)
        is_resumed, keeps_line = resume is not None, bool(trailer)
        return _checked(
            answer, format or "ndjson", is_resumed=is_resumed, keeps_line=keeps_line
        )

    def explain_query(self, q: Optional[str] = None) -> Dict[str, Any]:
        """How a query is understood: `query`, `hints`, and all `fields` and `operators` there are.

        Raises ApiError with the column of what is wrong.
        """
        return self._json("GET", "/admin/query", query={"q": q})

    def get_skypilot(self) -> Dict[str, Any]:
        """How SkyPilot is reached and what can be launched: `way`, `version`, `user`, `infra`, ...

        It may take a minute, because SkyPilot checks every cloud.
        """
        return self._json("GET", "/admin/skypilot")

    def set_node_status(
        self,
        node_id: str,
        status: str,
        *,
        message: Optional[str] = None,
        endpoint: Optional[str] = None,
        code: Optional[str] = None,
    ) -> Dict[str, Any]:
        """Ends or activates a launch that another program makes, and returns the node's record.

        status: "active", "failed" or "terminated".
        message: what the log says about it.
        endpoint: where an active node serves.
        code: why it failed; without it, the server looks for the cause in the log.
        """
        optional = {"message": message, "endpoint": endpoint, "code": code}
        given = {name: value for name, value in optional.items() if value is not None}
        body = {"status": status, **given}
        return self._json("POST", f"{_path_of(node_id)}/status", body=body)

    def beat_node(self, node_id: str, lost_after: Optional[str] = None) -> None:
        """Says that a launch which another program makes goes on. With lost_after, a duration such
        as "10m", it fails as lost when nothing more is sent for so long."""
        body = json.dumps({} if lost_after is None else {"lost_after": lost_after}).encode()
        headers = {"Content-Type": "application/json"}
        with self._request("POST", f"{_path_of(node_id)}/beat", headers=headers, body=body):
            pass

    def keep_node(self, node_id: str, duration: str) -> Dict[str, Any]:
        """Keeps the cluster of a failed launch up for so long from now on, such as "30m", and returns
        the record. Raises ApiError 409 if none is kept; see `keep_on_failure`."""
        return self._json("POST", f"{_path_of(node_id)}/keep", body={"for": duration})

    def terminate_node(self, node_id: str) -> Dict[str, Any]:
        """Cancels a launch or terminates the node, and returns its record."""
        return self._json("POST", f"{_path_of(node_id)}/terminate")

    def delete_node(self, node_id: str) -> None:
        """Deletes a node and its log. Raises ApiError 409 while it is being launched or runs."""
        with self._request("DELETE", _path_of(node_id)):
            pass

    def list_webhooks(self) -> List[Dict[str, Any]]:
        """Where messages about launches are sent, and what: see docs/webhooks.md."""
        webhooks: List[Dict[str, Any]] = self._json("GET", "/admin/webhooks")["webhooks"]
        return webhooks

    def create_webhook(self, webhook: Dict[str, Any]) -> Dict[str, Any]:
        """Creates a webhook: `url`, and optionally `events`, `q`, `format`, `cooldown`,
        `group` (`wait` and `interval`) and `secret`.

        The answer has its `secret`, which is shown this once.
        """
        return self._json("POST", "/admin/webhooks", body=webhook)

    def get_webhook(self, webhook_id: str) -> Dict[str, Any]:
        """A webhook, and how many of its messages wait or are dead."""
        return self._json("GET", _webhook(webhook_id))

    def change_webhook(self, webhook_id: str, change: Dict[str, Any]) -> Dict[str, Any]:
        """Changes these fields of a webhook. `enabled` switches it on or off."""
        return self._json("PATCH", _webhook(webhook_id), body=change)

    def delete_webhook(self, webhook_id: str) -> None:
        """Deletes a webhook with its messages."""
        with self._request("DELETE", _webhook(webhook_id)):
            pass

    def test_webhook(self, webhook_id: str, type: Optional[str] = None) -> Dict[str, Any]:
        """Sends a sample now, and returns what came of it. `type` is the event it is a sample of."""
        body = {} if type is None else {"type": type}
        return self._json("POST", f"{_webhook(webhook_id)}/test", body=body)

    def rotate_webhook(self, webhook_id: str) -> Dict[str, Any]:
        """Gives a webhook a new `secret`. For a day, the old one signs its messages too."""
        return self._json("POST", f"{_webhook(webhook_id)}/rotate")

    def list_deliveries(
        self,
        webhook_id: str,
        *,
        state: Optional[str] = None,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
    ) -> Dict[str, Any]:
        """The messages to a webhook, newest first: `deliveries`, `count`, and `cursor`.

        `state` is "waiting", "delivered" or "dead"; `limit` is 1 to 1000.
        """
        query = {"state": state, "limit": limit, "cursor": cursor}
        return self._json("GET", f"{_webhook(webhook_id)}/deliveries", query=query)

    def redeliver(self, delivery_id: str) -> Dict[str, Any]:
        """Sends a message again, under the same id."""
        return self._json("POST", f"{_webhook('deliveries')}/{quote(delivery_id, safe='')}/redeliver")

    def redeliver_since(
        self,
        webhook_id: str,
        since: str,
        *,
        until: Optional[str] = None,
        delivered: bool = False,
    ) -> int:
        """Sends the messages of a time again that were given up, and returns how many they are.

        since, until: RFC 3339. delivered: also those that have arrived.
        """
        given = {"since": since, "until": until, "delivered": delivered}
        body = dict(_given(given))
        count: int = self._json("POST", f"{_webhook(webhook_id)}/redeliver", body=body)["count"]
        return count

    def create_stream_ticket(self, node_id: str, origin: str) -> str:
        """Returns a ticket with which a page of that origin reads the node's stream without the
        token. The origin must be one of the server's LAUNCHTAIL_ORIGINS."""
        body = {"node_id": node_id, "origin": origin}
        return self._json("POST", "/admin/stream-tickets", body=body)["ticket"]

    def revoke_stream_tickets(
        self, *, ticket: Optional[str] = None, node_id: Optional[str] = None
    ) -> int:
        """Takes back one ticket, or all of a node, and returns how many there were."""
        given = {"ticket": ticket, "node_id": node_id}
        body = {name: value for name, value in given.items() if value is not None}
        return self._json("POST", "/admin/stream-tickets/revoke", body=body)["revoked"]

    def list_tokens(self) -> List[Dict[str, Any]]:
        """The tokens, newest first, without the tokens themselves: see docs/tokens.md."""
        tokens: List[Dict[str, Any]] = self._json("GET", "/admin/tokens")["tokens"]
        return tokens

    def create_token(
        self,
        name: str,
        scopes: Sequence[str],
        *,
        nodes: Optional[Sequence[str]] = None,
        owner: Optional[str] = None,
        labels: Optional[Mapping[str, str]] = None,
        expires_at: Optional[str] = None,
    ) -> Dict[str, Any]:
        """Creates a token with some of the rights "admin", "launch", "read" and "ingest".

        nodes: the only nodes it is good for, ids and patterns such as "train-*". owner, labels: the
        only launches it is good for, of this owner and with these labels. expires_at: RFC 3339.
        The answer has its `token`, which is shown this once.
        """
        given = {
            "nodes": nodes and list(nodes),
            "owner": owner,
            "labels": labels and dict(labels),
            "expires_at": expires_at,
        }
        body = {"name": name, "scopes": list(scopes), **dict(_given(given))}
        return self._json("POST", "/admin/tokens", body=body)

    def revoke_token(self, token_id: str) -> None:
        """Revokes a token. Streams that were opened with it are closed."""
        with self._request("DELETE", f"/admin/tokens/{quote(token_id, safe='')}"):
            pass

    def list_audit(
        self,
        *,
        since: Optional[str] = None,
        until: Optional[str] = None,
        token: Optional[str] = None,
        node: Optional[str] = None,
        operation: Optional[str] = None,
        refused: bool = False,
        limit: Optional[int] = None,
        cursor: Optional[str] = None,
    ) -> Dict[str, Any]:
        """Who did what, and who was refused, newest first: `audit`, `count`, and `cursor`.

        since, until: RFC 3339, or a duration back from now. token, node: ids.
        """
        query = {
            "since": since,
            "until": until,
            "token": token,
            "node": node,
            "operation": operation,
            "refused": refused,
            "limit": limit,
            "cursor": cursor,
        }
        return self._json("GET", "/admin/audit", query=query)

    def _json(
        self,
        method: str,
        path: str,
        *,
        query: Optional[Dict[str, Any]] = None,
        headers: Optional[Mapping[str, Optional[str]]] = None,
        body: Any = None,
        raw: Any = None,
    ) -> Dict[str, Any]:
        sent = dict(headers or {})
        if body is not None:
            raw = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        with self._request(method, path, query, sent, raw) as answer:
            values: Dict[str, Any] = answer.json()
            return values

    def _request(
        self,
        method: str,
        path: str,
        query: Optional[Dict[str, Any]] = None,
        headers: Optional[Mapping[str, Optional[str]]] = None,
        body: Any = None,
        timeout: Optional[float] = None,
    ) -> "_Answer":
        """Sends a request. Returns the answer, or raises ApiError or ConnectionFailed."""
        if self._closed.is_set():
            raise ConnectionFailed("the client is closed")
        sent = {"X-Admin-Token": self._token}
        sent.update(_given(headers))
        given = [(name, _text_of(value)) for name, value in _given(query)]
        target = self._address.path + path + (f"?{urlencode(given)}" if given else "")
        wait = self.timeout if timeout is None else timeout
        answer = _Answer(self, self._connection(wait))
        try:
            answer.ask(method, target, body, sent)
            if not 200 <= answer.status < 300:
                raise answer.refusal()
        except BaseException:
            answer.close()
            raise
        return answer

    def _wait(
        self, refused: ApiError, on_wait: Optional[Callable[[float, ApiError], None]]
    ) -> None:
        wanted = _USUAL_WAIT if refused.retry_after is None else refused.retry_after
        seconds = max(_FIRST_DELAY, wanted)
        if on_wait:
            on_wait(seconds, refused)
        if self._closed.wait(min(seconds, threading.TIMEOUT_MAX)):
            raise ConnectionFailed("the client is closed") from refused

    def _connection(self, timeout: float) -> http.client.HTTPConnection:
        secure = self._address.scheme == "https"
        kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection
        port = self._address.port or kind.default_port
        return kind(str(self._address.hostname), port, timeout=timeout)


class Stream(Generic[_E]):
    """The events of Client.stream or stream_nodes, as an iterator. Leaving its `with`, calling
    `close` or dropping it closes the connection."""

    def __init__(self, events: Any, position: "_Position"):
        self._events = events
        self._position = position

    @property
    def last_event_id(self) -> str:
        """The id to resume with after the events so far."""
        return self._position.last_event_id

    def __iter__(self) -> "Stream[_E]":
        return self

    def __next__(self) -> _E:
        event: _E = next(self._events)
        return event

    def __enter__(self) -> "Stream[_E]":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """To be called by the thread that reads. Other threads close the client instead."""
        self._events.close()


@dataclass
class _Position:
    last_event_id: str


# It has no reference to its Stream: in a cycle, the connection of a dropped one would stay open.
def _read_events(
    client: Client,
    path: str,
    query: Dict[str, Any],
    position: _Position,
    timeout: float,
    on_state: StateListener,
) -> Iterator[Union[Event, NodesEvent]]:
    """Yields the events over as many connections as it takes."""
    quiet_since = time.monotonic()
    retry = _FIRST_DELAY
    failures = 0

    def time_left() -> float:
        left = quiet_since + timeout - time.monotonic()
        if left <= 0:
            raise StreamTimeout(f"no event for {timeout:g} s")
        return min(_SILENCE, left)

    while True:
        on_state("connecting", None, None)
        error: Optional[LaunchtailError] = None
        not_before = 0.0
        live_since = float("inf")
        answer = None
        try:
            headers = {
                "Accept": "text/event-stream",
                "Last-Event-ID": position.last_event_id or None,
            }
            answer = client._request("GET", path, query, headers, timeout=time_left())
            # The stream has already been read to its end.
            if answer.status == 204:
                return
            answer.expect_events()
            live_since = time.monotonic()
            on_state("live", None, None)
            parser = _Parser()
            while True:
                chunk = answer.read_some(time_left())
                # The server ended the stream in order, and has said when to reconnect.
                if not chunk:
                    not_before = retry
                    break
                for name, data, event_id in parser.feed(chunk):
                    position.last_event_id = event_id or position.last_event_id
                    event = None if data is None else _typed(name, data, event_id)
                    if event is None:
                        continue
                    failures = 0
                    yield event
                    if _is_last(event):
                        return
                    # The caller may have taken its time.
                    quiet_since = time.monotonic()
                retry = retry if parser.retry is None else parser.retry
        except ApiError as refused:
            if not refused.is_passing:
                raise
            error = refused
            not_before = refused.retry_after or 0.0
        except ConnectionFailed as broken:
            error = broken
        finally:
            if answer:
                answer.close()
        # A connection that lasted this long did not fail.
        if time.monotonic() - live_since > _LONGEST_DELAY:
            failures = 0
        # Random within a span that grows, so that many readers do not reconnect at once.
        span = min(_LONGEST_DELAY, max(0.001, retry) * 2 ** min(failures, 30))
        delay = max(not_before, client._random() * span)
        failures += 1
        if time.monotonic() + delay - quiet_since > timeout:
            raise StreamTimeout(f"no event for {timeout:g} s") from error
        if not client._closed.is_set():
            on_state("waiting", delay, error)
        if client._closed.wait(min(delay, threading.TIMEOUT_MAX)):
            raise ConnectionFailed("the client is closed") from error


def _typed(name: str, data: bytes, event_id: str) -> Union[Event, NodesEvent, None]:
    if name not in _EVENTS:
        return None
    kind, fields = _EVENTS[name]
    try:
        values = json.loads(data.decode("utf-8", "replace"))
        if kind is Node and "state" in values:
            kind, fields = Member, ("node_id", "state")
        values = {"record": values} if kind is Node else values
        given = {field: values[field] for field in fields if field in values}
        event: Union[Event, NodesEvent] = kind(**{**given, "id": event_id})
        return event
    except (TypeError, ValueError) as error:
        words = f"the data of an event is malformed: {name}"
        raise LaunchtailError(words) from error


def _is_last(event: Any) -> bool:
    # In the stream of many nodes, `done` is the last event of its node.
    return isinstance(event, End) or (isinstance(event, Done) and event.node_id is None)


_CURSOR = re.compile(rb": ?cursor (\S+)")


class _Parser:
    """Parses the bytes of a stream into events, as the WHATWG HTML standard says.

    Lines are split as bytes, at LF, CR and CRLF only. No other character of UTF-8 contains these
    bytes, so a line is decoded when it is complete. (`str.splitlines` also splits at U+2028.)
    """

    def __init__(self) -> None:
        self.retry: Optional[float] = None
        self._begun = False
        # The pieces of an incomplete line. They are joined once, even if there are many.
        self._line: List[bytes] = []
        self._after_cr = False
        self._size = 0
        self._clear()

    def _clear(self) -> None:
        self._name = ""
        self._data: List[bytes] = []
        self._id: Optional[str] = None

    def feed(self, chunk: bytes) -> Iterator[Tuple[str, Optional[bytes], str]]:
        """Yields the name, data and id of each event; no data if only the last event id changes."""
        if self._after_cr and chunk[:1] == b"\n":
            chunk = chunk[1:]
        self._after_cr = chunk[-1:] == b"\r" if chunk else False
        self._size += len(chunk)
        if b"\n" in chunk or b"\r" in chunk:
            lines = (b"".join(self._line) + chunk).splitlines()
            self._line = [] if chunk[-1:] in (b"\n", b"\r") else [lines.pop()]
            for line in lines:
                if not self._begun:
                    self._begun = True
                    line = line[3:] if line[:3] == b"\xef\xbb\xbf" else line
                if line:
                    cursor = self._take(line)
                    if cursor:
                        yield "", None, cursor
                else:
                    name, data, event_id = self._name, self._data, self._id
                    self._clear()
                    if data:
                        yield name or "message", b"\n".join(data), event_id or ""
                    elif event_id:
                        yield "", None, event_id
            self._size = sum(map(len, self._line)) + sum(map(len, self._data))
        elif chunk:
            self._line.append(chunk)
        if self._size > _LARGEST_EVENT:
            raise ConnectionFailed(f"an event is larger than {_LARGEST_EVENT} bytes")

    def _take(self, line: bytes) -> Optional[str]:
        """Takes a field. Returns the cursor if it is a comment that has one."""
        name, _, value = line.partition(b":")
        if value[:1] == b" ":
            value = value[1:]
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._name = value.decode("utf-8", "replace")
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
        elif name == b"retry":
            if value.isdigit():
                self.retry = float(value) / 1000
        elif name == b"":
            cursor = _CURSOR.match(line)
            return cursor.group(1).decode("utf-8", "replace") if cursor else None
        return None


class _WholeLines:
    """http.client accepts a head that was cut off. This file never returns half a line to it."""

    def __init__(self, file: Any):
        self.file = file

    def readline(self, limit: int = -1) -> bytes:
        line: bytes = self.file.readline(limit)
        if not line.endswith(b"\n"):
            raise http.client.IncompleteRead(line)
        return line

    def close(self) -> None:
        self.file.close()


class _Response(http.client.HTTPResponse):
    def begin(self) -> None:
        file: Any = self.fp
        self.fp = _WholeLines(file)  # type: ignore[assignment]
        try:
            super().begin()
        finally:
            # It is None if http.client gave up on a malformed status line.
            self.fp = self.fp and file


class _Answer:
    """A request and its answer, on a connection of their own."""

    def __init__(self, client: Client, connection: http.client.HTTPConnection):
        self._client = client
        self._connection = connection
        connection.response_class = _Response
        self._socket: Optional[socket.socket] = None
        self._response: Any = None
        client._open.add(self)

    def __enter__(self) -> "_Answer":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def ask(self, method: str, target: str, body: Any, headers: Dict[str, str]) -> None:
        connection, address = self._connection, self._client.base_url
        try:
            connection.connect()
            self._socket = connection.sock
            if self._client._closed.is_set():
                raise ConnectionFailed("the client is closed")
            try:
                connection.request(method, target, body, headers)
            except (BrokenPipeError, ConnectionResetError):
                # The server refused while the body was still being sent. Its answer can be read.
                pass
            self._response = connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, ConnectionFailed):
                raise
            raise ConnectionFailed(f"no answer from {address}: {error}") from error

    @property
    def status(self) -> int:
        status: int = self._response.status
        return status

    def header(self, name: str) -> Optional[str]:
        value: Optional[str] = self._response.getheader(name)
        return value

    def read_some(self, timeout: Optional[float] = None) -> bytes:
        """Waits for at least one byte, and returns what has arrived. Returns nothing at the end."""
        if timeout is not None and self._socket:
            self._socket.settimeout(timeout)
        try:
            piece: bytes = self._response.read1(_READ_SIZE)
            return piece
        except socket.timeout as error:
            raise ConnectionFailed("the server went silent") from error
        # Closing the client closes the response while another thread reads it.
        except (OSError, ValueError, AttributeError, http.client.HTTPException) as error:
            raise ConnectionFailed(f"the connection broke: {error}") from error

    def json(self) -> Any:
        text = b"".join(iter(self.read_some, b""))
        try:
            return json.loads(text)
        except ValueError as error:
            words = f"{self._client.base_url} answered with something other than JSON"
            raise ConnectionFailed(words) from error

    def refusal(self) -> ApiError:
        try:
            message = json.loads(self._response.read(_READ_SIZE))["error"]["message"]
        except (OSError, http.client.HTTPException, ValueError, TypeError, KeyError):
            # Not an answer of our server, but perhaps a proxy. Only its status is of use.
            to = self.header("Location")
            message = f"{self.status} {self._response.reason}" + (f": it is at {to}" if to else "")
        return ApiError(self.status, str(message), _seconds_in(self.header("Retry-After")))

    def expect_events(self) -> None:
        kind = self.header("Content-Type") or "nothing"
        if kind.split(";")[0].strip().lower() != "text/event-stream":
            words = f"{self._client.base_url} answered with {kind} in place of a stream"
            raise ApiError(self.status, words)

    def interrupt(self) -> None:
        """Ends the wait of another thread."""
        try:
            if self._socket:
                self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # It is closed already.

    def close(self) -> None:
        self._client._open.discard(self)
        if self._response:
            self._response.close()
        self._connection.close()


def _entries(
    q: Optional[str],
    since: Optional[str],
    until: Optional[str],
    level: Levels,
    phase: Optional[str],
    node: Union[str, Sequence[str], None],
    launch: Union[int, str, None],
) -> Dict[str, Any]:
    """Which entries of all nodes are meant."""
    query = {"q": q, "since": since, "until": until, "level": level, "phase": phase}
    return {**query, "node": node, "launch": launch}


def _checked(
    answer: _Answer, file_format: str, *, is_resumed: bool, keeps_line: bool
) -> Iterator[bytes]:
    """An export, which raises unless all of it has come.

    A broken connection is an error by itself; a proxy may end an answer in order all the same. So the
    server is asked for a last line with the count and the digest, which is taken off again.
    """
    digest = hashlib.sha256()
    size = lines = 0
    held = b""
    with answer:
        for piece in iter(answer.read_some, b""):
            held += piece
            size += len(piece)
            given, held = held[:-_LONGEST_ENDING], held[-_LONGEST_ENDING:]
            digest.update(given)
            lines += given.count(b"\n")
            if given:
                yield given
    ending = _ENDINGS[file_format].search(held)
    has_proof = file_format in ("ndjson", "csv")
    # A resumed one may begin within its own end.
    is_end = is_resumed and not has_proof and size < _LONGEST_ENDING
    if not ending and not is_end:
        raise ConnectionFailed("the export ended too soon")
    if ending and has_proof:
        given, proof = held[: ending.start()], held[ending.start() :]
        digest.update(given)
        lines += given.count(b"\n")
        is_short = file_format == "ndjson" and lines != int(ending["count"])
        is_other = digest.hexdigest().encode() != ending["digest"]
        # That of a resumed one is of all of it, also of what was there before.
        if not is_resumed and (is_short or is_other):
            raise ConnectionFailed("the export has arrived damaged")
        held = given + proof if keeps_line else given
    if held:
        yield held


def _warn(answer: _Answer) -> None:
    warning = answer.header("Log-Warning")
    if warning:
        # The caller of the method that exports.
        warnings.warn(warning, stacklevel=3)


# How an export ends in each format. No end is longer, in bytes.
_LONGEST_ENDING = 256
_ENDINGS = {
    "ndjson": re.compile(
        rb'(?:(?<=\n)|\A)\{"count":(?P<count>\d+),"complete":(?:true|false),'
        rb'"digest":"(?P<digest>[0-9a-f]{64})"\}\n\Z'
    ),
    "csv": re.compile(rb"(?<=\n)count,(?P<count>\d+),,,,,(?P<digest>[0-9a-f]{64})\r\n\Z"),
    "json": re.compile(rb'\n\],"count":(?P<count>\d+),"complete":(?:true|false)\}\n\Z'),
    "text": re.compile(rb"(?:(?<=\n)|\A)-- (?P<count>\d+) entries(?:, and there may be more)?\n\Z"),
}


def _chunks(output: Any) -> Any:
    """An iterable that http.client sends piece by piece; from a file it waits for whole blocks."""
    # The binary file below a text file.
    output = getattr(output, "buffer", output)
    if not hasattr(output, "read"):
        return output
    read = getattr(output, "read1", output.read)
    pieces = iter(lambda: read(_READ_SIZE) or b"", b"")
    return (piece.encode() if isinstance(piece, str) else piece for piece in pieces)


def _seconds_in(retry_after: Optional[str]) -> Optional[float]:
    if not retry_after:
        return None
    if retry_after.isdigit():
        return float(retry_after)
    try:
        seconds = email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
    except (TypeError, ValueError):
        return None
    return seconds if seconds >= 0 else None


def _given(values: Optional[Mapping[str, Any]]) -> List[Tuple[str, Any]]:
    return [(name, value) for name, value in (values or {}).items() if value is not None]


def _path_of(node_id: str) -> str:
    return f"/admin/nodes/{quote(node_id, safe='')}"


def _group(group_id: str) -> str:
    return f"/admin/groups/{quote(group_id, safe='')}"


def _webhook(webhook_id: str) -> str:
    return f"/admin/webhooks/{quote(webhook_id, safe='')}"


def _text_of(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple, set, frozenset)):
        return ",".join(value)
    return str(value)


def _show(event: Event) -> None:
    if isinstance(event, Log):
        print(f"[{event.level.upper()}] {event.message}", flush=True)
        if event.phase == "active" and "\nreachable: false\n" in f"{event.details or ''}\n":
            print("Reachable from the cluster only: " + (event.details or "").splitlines()[-1], flush=True)
    elif isinstance(event, Status):
        print(f"Status: {event.phase} - {event.progress:g}%", flush=True)
    elif isinstance(event, Error):
        print(f"ERROR in {event.phase or 'the server'}: {event.error}", flush=True)
    elif isinstance(event, Done):
        print(f"Launch complete: {event.status}", flush=True)
        if event.endpoint:
            print(f"Endpoint: {event.endpoint}", flush=True)
    else:
        print(f"Gap: {event.reason}, {event.missed} entries are gone", flush=True)
