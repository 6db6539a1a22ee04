"""Tests of launchtail.py on a real server: LAUNCHTAIL_URL and LAUNCHTAIL_ADMIN_TOKEN name it.

OPERATIONS names the protocol's operations, separated by commas.
"""

import contextlib
import hashlib
import http.server
import inspect
import io
import json
import os
import socket
import tempfile
import threading
import time
import unittest
import uuid

import launchtail
from launchtail import (
    ApiError,
    Client,
    ConnectionFailed,
    Deleted,
    Done,
    End,
    Error,
    Log,
    Member,
    Node,
    Ready,
    Status,
)

DONE = b'event: done\ndata: {"status":"active","message":"up"}\nid: 1:bbbbbbbb:done\n\n'
LOG = (
    b'event: log\ndata: {"timestamp":"2024-01-15T10:30:00Z","level":"info","message":"a",'
    b'"phase":"queued"}\nid: 0:aaaaaaaa:log\n\n'
)


class Operations(unittest.TestCase):
    def setUp(self):
        self.client = Client()
        self.addCleanup(self.client.close)

    def new_node(self):
        return self.client.create_node()["node_id"]

    def messages(self, node):
        return [entry["message"] for entry in self.client.get_node_logs(node, tail="all").logs]

    def test_there_is_a_method_for_each_operation_of_the_protocol(self):
        for name in os.environ["OPERATIONS"].split(","):
            method = getattr(Client, "stream" if name == "stream_node_logs" else name)
            self.assertTrue(inspect.getdoc(method), name)

    def test_a_webhook_is_created_changed_tested_and_deleted(self):
        webhook = self.client.create_webhook({"url": "http://127.0.0.1:59999/", "cooldown": "30s"})
        self.assertTrue(webhook["secret"].startswith("whsec_"))
        name = webhook["webhook_id"]
        self.assertNotEqual(self.client.rotate_webhook(name)["secret"], webhook["secret"])
        self.assertNotIn("secret", self.client.get_webhook(name))
        self.assertIn(name, [one["webhook_id"] for one in self.client.list_webhooks()])
        delivery = self.client.test_webhook(name, "launch.active")
        self.assertEqual((delivery["type"], delivery["state"]), ("webhook.test", "dead"))
        page = self.client.list_deliveries(name, state="dead", limit=5)
        self.assertEqual(page["count"], 1)
        self.assertEqual(self.client.redeliver_since(name, delivery["created_at"]), 1)
        self.assertEqual(self.client.redeliver(delivery["delivery_id"])["state"], "waiting")
        self.assertFalse(self.client.change_webhook(name, {"enabled": False})["enabled"])
        self.assertIsNone(self.client.delete_webhook(name))
        with self.assertRaises(ApiError) as refused:
            self.client.get_webhook(name)
        self.assertEqual(refused.exception.status, 404)

    def test_a_node_is_registered_got_listed_and_deleted(self):
        name = f"python-{uuid.uuid4()}"
        node = self.client.create_node({"node_id": name, "provider": "aws"})
        self.assertEqual(self.client.get_node(name), node)
        page = self.client.list_nodes(q=name, provider="aws", limit=5)
        self.assertEqual(page, {"nodes": [node], "count": 1})
        self.client.append_node_logs(name, {"message": "it broke", "phase": "failed"})
        self.assertIsNone(self.client.delete_node(name))
        with self.assertRaises(ApiError) as refused:
            self.client.get_node(name)
        self.assertEqual(refused.exception.status, 404)
        self.assertEqual(str(refused.exception), "node not found")

    def test_a_query_filters_the_history_the_stream_and_the_export_and_is_explained(self):
        node = self.new_node()
        entries = [{"message": "Loading bloom"}, {"message": "OOMKilled", "level": "error"}]
        self.client.append_node_logs(node, entries)
        query = 'oom OR "out of memory"'
        logs = self.client.get_node_logs(node, q=query).logs
        self.assertEqual([log["message"] for log in logs], ["OOMKilled"])
        with self.client.stream(node, q="-oom", follow=False) as events:
            logged = [event.message for event in events if isinstance(event, Log)]
        self.assertEqual(logged, ["Loading bloom"])
        exported = b"".join(
            self.client.export_node_logs(node, q=query, format="ndjson", trailer=True)
        )
        self.assertEqual(json.loads(exported.splitlines()[-1])["count"], 1)
        everywhere = b"".join(self.client.export_logs(query, node=[node]))
        self.assertEqual(everywhere, b"".join(exported.splitlines(True)[:-1]))
        half = len(everywhere) // 2
        digest = hashlib.sha256(everywhere[:half]).hexdigest()
        rest = b"".join(self.client.export_logs(query, node=[node], resume=(half, digest)))
        self.assertEqual(rest, everywhere[half:])
        with self.assertRaises(ApiError) as refused:
            self.client.export_logs(query, node=[node], resume=(half, "0" * 64))
        self.assertEqual(refused.exception.status, 412)
        found = self.client.search_logs(query, node=[node])
        self.assertEqual([hit["message"] for hit in found["logs"]], ["OOMKilled"])
        self.assertEqual((found["complete"], found["logs"][0]["node_id"]), (True, node))
        self.client.append_node_logs(node, {"message": "OOMKilled again"})
        after = found["last_event_id"]
        with self.client.stream_logs(q=query, node=[node], last_event_id=after) as events:
            told = next(event for event in events if event.event == "log")
        self.assertEqual(told.message, "OOMKilled again")
        counted = self.client.count_logs(query, node=node, bucket="1h")
        self.assertEqual((counted["count"], counted["bucket_seconds"]), (2, 3600))
        self.assertEqual(self.client.explain_query("a  AND b")["query"], "a b")
        with self.assertRaises(ApiError) as refused:
            self.client.explain_query("level:warning")
        self.assertIn("column 7", str(refused.exception))

    def test_entries_are_stored_once_for_each_key_and_given_back(self):
        node = self.new_node()
        entries = [{"message": "größer 🚀", "progress": 0}, {"message": "b", "level": "error"}]
        key = str(uuid.uuid4())
        sent = self.client.append_node_logs(node, entries, idempotency_key=key)
        self.assertEqual(sent["accepted"], 2)
        again = self.client.append_node_logs(node, entries, idempotency_key=key)
        self.assertEqual(again, sent)
        history = self.client.get_node_logs(node)
        self.assertEqual((history.node_id, history.count, history.expired), (node, 2, False))
        self.assertEqual([log["message"] for log in history.logs], ["größer 🚀", "b"])
        self.assertEqual(self.client.get_node_logs(node, level=["error"]).logs, history.logs[1:])
        before = self.client.get_node_logs(node, before=sent["cursor"])
        self.assertEqual(before.logs, history.logs[:1])
        self.client.append_node_logs(node, {"message": "c", "phase": "active"})
        events = list(self.client.stream(node, last_event_id=history.cursor))
        self.assertEqual([type(event) for event in events], [Log, Done])

    def test_output_is_sent_from_bytes_text_and_open_files_and_from_where_it_has_arrived(self):
        node, source = self.new_node(), str(uuid.uuid4())
        with tempfile.TemporaryFile() as file:
            file.write(b"one\ntwo\nthree\n")
            self.assertEqual(self.client.get_node_log_offset(node, source), 0)
            self.client.send_output(node, b"one\ntwo\n", source=source, offset=0)
            arrived = self.client.get_node_log_offset(node, source)
            self.assertEqual(arrived, 8)
            file.seek(arrived)
            self.client.send_output(node, file, source=source, offset=arrived)
            file.seek(0)
            self.client.send_output(node, file, source=source, offset=0)
        self.client.send_output(node, "vier größer\n")
        self.client.send_output(node, io.StringIO("five\n"))
        self.client.send_output(node, iter([b"si", b"x\n"]))
        self.assertEqual(
            self.messages(node), ["one", "two", "three", "vier größer", "five", "six"]
        )

    def test_the_cause_of_a_failure_is_named_and_taken_back(self):
        node = self.new_node()
        entries = [
            {"message": "CUDA out of memory.", "level": "error", "phase": "model_loading"},
            {"message": "it was the cable", "level": "error"},
            {"message": "gave up", "level": "error", "phase": "failed"},
        ]
        self.client.append_node_logs(node, entries)
        read = self.client.get_node(node)["failure"]
        named = self.client.name_cause(node, 1)["failure"]
        self.assertEqual((named["message"], named["code"]), ("it was the cable", "unknown"))
        named = self.client.name_cause(node, 1, code="gpu_fault")["failure"]
        self.assertEqual((named["code"], named["corrected"]), ("gpu_fault", True))
        with self.assertRaises(ApiError) as refused:
            self.client.name_cause(node, 3)
        self.assertEqual(refused.exception.status, 404)
        self.assertEqual(self.client.take_back_cause(node)["failure"], read)

    def test_a_line_of_a_pipe_is_live_while_the_pipe_is_open(self):
        node = self.new_node()
        reading, writing = os.pipe()
        with os.fdopen(reading, "rb") as output:
            sender = threading.Thread(target=self.client.send_output, args=(node, output))
            sender.start()
            os.write(writing, b"the first line\n")
            first = next(event for event in self.client.stream(node, tail="all"))
            os.close(writing)
            sender.join()
        self.assertEqual(first.message, "the first line")

    def test_a_refusal_is_told_also_when_the_server_closes_while_output_is_sent(self):
        def endless():
            while True:
                yield b"a line\n" * 10_000

        with self.assertRaises(ApiError) as refused:
            self.client.send_output("nobody", endless())
        self.assertEqual(refused.exception.status, 404)

    def test_the_log_is_given_as_a_file(self):
        node = self.new_node()
        self.client.append_node_logs(node, [{"message": "=1+1"}, {"message": "b"}])
        csv = b"".join(self.client.export_node_logs(node, format="csv", raw=True)).decode()
        self.assertIn(",=1+1", csv)

    def test_a_node_is_launched_streamed_and_terminated(self):
        task = "run: |\n  echo begun\n  sleep 60\n"
        node = self.client.launch_node(
            {"provider": "local", "task": task}, idempotency_key=str(uuid.uuid4())
        )["node_id"]
        last = None
        for event in self.client.stream(node, tail="all"):
            last = event
            if isinstance(event, Log) and event.message == "begun":
                self.client.terminate_node(node)
        self.assertIsInstance(last, Done)
        self.assertEqual(last.status, "terminated")
        asked = self.client.get_node_launch(node)
        self.assertEqual(asked["request"]["task"], task)
        self.assertEqual(asked["secrets"], [])
        again = self.client.relaunch_node(node, {"envs": {"A": "1"}})["node_id"]
        self.assertEqual(self.client.get_node(again)["relaunch_of"], node)
        self.assertEqual(self.client.get_node_launch(again)["request"]["envs"], {"A": "1"})
        self.client.terminate_node(again)

    def test_a_launch_of_another_program_is_kept_alive_and_ended(self):
        node = self.new_node()
        self.client.beat_node(node)
        self.client.beat_node(node, "10m")
        self.client.append_node_logs(node, [{"message": "RuntimeError: CUDA out of memory."}])
        record = self.client.set_node_status(node, "failed", message="it left with code 3")
        self.assertEqual(record["failure"]["code"], "gpu_out_of_memory")
        address = "http://10.0.0.1:8000"
        record = self.client.set_node_status(node, "active", endpoint=address)
        self.assertEqual((record["status"], record["endpoint"]), ("active", address))
        with self.assertRaises(ApiError) as refused:
            self.client.set_node_status(node, "failed", code="no such code")
        self.assertEqual(refused.exception.status, 400)

    def test_a_ticket_is_given_for_known_origins_alone_and_taken_back(self):
        node = self.new_node()
        with self.assertRaises(ApiError) as refused:
            self.client.create_stream_ticket(node, "https://nobody.example")
        self.assertEqual(refused.exception.status, 403)
        self.assertEqual(self.client.revoke_stream_tickets(node_id=node), 0)

    def test_a_token_has_its_rights_until_it_is_revoked(self):
        made = self.client.create_token("python", ["read"], nodes=["a", "b-*"])
        self.assertIn(made["token_id"], [one["token_id"] for one in self.client.list_tokens()])
        with Client(os.environ["LAUNCHTAIL_URL"], made["token"]) as reader:
            with self.assertRaises(ApiError) as refused:
                reader.create_node()
            self.assertEqual(refused.exception.status, 403)
            self.assertEqual(reader.list_nodes()["nodes"], [])
            self.client.revoke_token(made["token_id"])
            with self.assertRaises(ApiError) as refused:
                reader.list_nodes()
            self.assertEqual(refused.exception.status, 401)
        lines = self.client.list_audit(token=made["token_id"], refused=True)["audit"]
        self.assertEqual([line["operation"] for line in lines], ["createNode"])

    def test_events_are_typed(self):
        node = self.new_node()
        bad = {"message": "no", "level": "error", "progress": 10, "phase": "provisioning"}
        up = {"message": "up", "phase": "active", "details": "http://10.0.0.1:8000"}
        self.client.append_node_logs(node, [bad, up])
        log, status, error, _, done = self.client.stream(node)
        self.assertEqual((log.level, log.progress, log.details), ("error", 10, None))
        self.assertEqual(status, Status("provisioning", 10, "no", id=status.id))
        self.assertEqual(error, Error("no", "", "provisioning", id=error.id))
        self.assertEqual(done, Done("active", "up", "http://10.0.0.1:8000", id=done.id))

    def test_the_nodes_are_streamed_and_then_their_changes(self):
        node = self.new_node()
        told = []
        with self.client.stream_nodes() as events:
            for event in events:
                told.append(event)
                if isinstance(event, Ready):
                    self.client.append_node_logs(node, {"message": "no", "phase": "failed"})
                elif isinstance(event, Node) and event.record["status"] == "failed":
                    if event.record["node_id"] == node:
                        self.client.delete_node(node)
                elif isinstance(event, Deleted) and event.node_id == node:
                    break
        kinds = [type(each) for each in told]
        before = kinds.index(Ready)
        self.assertEqual(set(kinds[:before]), {Node})
        self.assertIn(node, [each.record["node_id"] for each in told[:before]])
        self.assertEqual(told[before].count, before)

    def test_a_group_is_launched_streamed_and_ended(self):
        task = 'run: exec python3 -m http.server "$PORT" --bind 127.0.0.1'
        wanted = {"replicas": 2, "provider": "local", "task": task, "readiness": {"path": "/"}}
        group = self.client.launch_group(wanted)["group_id"]
        with self.client.stream_group(group, timeout=60) as events:
            self.assertEqual(list(events)[-1].nodes, {"active": 2})
        self.assertEqual(self.client.get_group(group)["status"], "active")
        self.assertIn(group, [each["group_id"] for each in self.client.list_groups()["groups"]])
        update = self.client.update_group(group, {"only": [f"{group}-1"]})["update"]
        self.assertEqual(update["wanted"], 1)
        with self.client.stream_group(group, timeout=60) as events:
            self.assertEqual(list(events)[-1].event, "end")
        self.assertEqual(self.client.get_group(group)["update"]["state"], "done")
        self.client.terminate_group(group)
        with self.client.stream_group(group, timeout=60) as events:
            self.assertEqual(list(events)[-1].event, "end")
        self.client.delete_group(group)
        with self.assertRaises(ApiError):
            self.client.get_group(group)

    def test_the_logs_of_many_nodes_are_streamed_each_event_with_its_node(self):
        nodes = [self.new_node(), self.new_node()]
        self.client.append_node_logs(nodes[0], {"message": "quiet"})
        told = []
        with self.client.stream_logs(node=nodes, q="-quiet", timeout=20) as events:
            self.client.append_node_logs(nodes[0], {"message": "up", "phase": "active"})
            self.client.append_node_logs(nodes[1], {"message": "bad", "level": "error"})
            for event in events:
                told.append(event)
                if isinstance(event, Error):
                    break
            last = events.last_event_id
        self.client.append_node_logs(nodes[1], {"message": "no", "phase": "failed"})
        with self.client.stream_logs(
            node=nodes, q="-quiet", last_event_id=last, timeout=20
        ) as events:
            told.extend(events)
        of = {node: [e.event for e in told if getattr(e, "node_id", "") == node] for node in nodes}
        self.assertEqual(of[nodes[0]], ["log", "done"])
        self.assertEqual(of[nodes[1]], ["log", "error", "log", "done"])
        self.assertEqual(told[-1], End({"active": 1, "failed": 1}, told[-1].id))
        again = self.client.stream_logs(node=nodes, q="-quiet", last_event_id=told[-1].id)
        self.assertEqual(list(again), [])

    def test_a_launch_that_begins_joins_the_stream_of_all(self):
        made = []

        def on_state(state, delay, error):
            if state == "live":
                made.append(self.new_node())

        with self.client.stream_logs(tail=0, timeout=20, on_state=on_state) as events:
            joined = next(event for event in events if isinstance(event, Member))
        self.assertEqual((joined.node_id, joined.state), (made[0], "joined"))

    def test_the_launches_of_a_node_are_told_apart(self):
        node = self.new_node()
        for entries in (["first"], ["it failed"]), (["second"], ["up"]):
            for (message,), phase in zip(entries, ("queued", "failed")):
                self.client.append_node_logs(node, {"message": message, "phase": phase})
        launches = self.client.list_node_launches(node)
        self.assertEqual([launch["number"] for launch in launches], [2, 1])
        self.assertEqual(launches[1]["outcome"], "failed")
        first = ["first", "it failed"]
        history = self.client.get_node_logs(node, launch="previous")
        self.assertEqual([entry["message"] for entry in history.logs], first)
        with self.client.stream(node, launch="previous", timeout=20) as events:
            *streamed, done = list(events)
        self.assertEqual([e.message for e in streamed if isinstance(e, Log)], first)
        self.assertEqual((done.status, done.message), ("failed", "it failed"))
        found = self.client.search_logs(node=node, launch=1, order="asc")
        self.assertEqual([entry["message"] for entry in found["logs"]], first)
        text = b"".join(self.client.export_node_logs(node, launch=2, format="text")).decode()
        self.assertIn("second", text)
        self.assertNotIn("first", text)

    def test_there_are_figures_of_past_launches(self):
        node = self.client.create_node({"provider": "figures"})["node_id"]
        self.client.append_node_logs(node, {"message": "up", "phase": "active"})
        stats = self.client.get_stats(
            q="-model:nobodys", since="1h", by=["provider", "gpu"], bucket="1h", last=200
        )
        self.assertIn(node, [launch["node_id"] for launch in stats["last"]])
        groups = {group.get("provider"): group for group in stats["groups"]}
        self.assertEqual(groups["figures"]["succeeded"], 1)

    def test_the_functions_of_the_specification_print_and_return_what_its_example_does(self):
        node, token = self.new_node(), os.environ["LAUNCHTAIL_ADMIN_TOKEN"]
        bad = {"message": "no", "level": "error", "progress": 10, "phase": "provisioning"}
        up = {"message": "up", "phase": "active", "details": "http://10.0.0.1:8000"}
        self.client.append_node_logs(node, [bad, up])
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            launchtail.stream_node_logs(node, token)
        self.assertEqual(
            printed.getvalue().splitlines(),
            ["[ERROR] no", "Status: provisioning - 10%", "ERROR in provisioning: no", "[INFO] up"]
            + ["Launch complete: active", "Endpoint: http://10.0.0.1:8000"],
        )
        logs = launchtail.get_node_logs(node, token)
        self.assertEqual([log["message"] for log in logs], ["no", "up"])
        last = launchtail.get_node_logs(node, token, 1, base_url=os.environ["LAUNCHTAIL_URL"])
        self.assertEqual([log["message"] for log in last], ["up"])


class Faults(unittest.TestCase):
    def serve(self, answer):
        """Answers each request by a function of its handler and its number; gives a client."""
        closed, asked = threading.Event(), []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                asked.append(self.path)
                answer(self, len(asked))

            def stream(self, data, stay=False):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(data)
                if stay and self.connection.recv(1) == b"":
                    closed.set()
                self.close_connection = True

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.asked = asked
        return server.server_port, closed

    def test_an_export_that_was_cut_or_changed_is_not_taken_for_whole(self):
        lines = b'{"node_id":"n","message":"a"}\n{"node_id":"n","message":"b"}\n' * 20
        digest = hashlib.sha256(lines).hexdigest()
        end = b'{"count":40,"complete":true,"digest":"%s"}\n' % digest.encode()
        answers = [lines + end, lines, lines[:-5], lines.replace(b"a", b"c", 1) + end, b""]

        def answer(handler, number):
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(answers[number - 1])))
            handler.end_headers()
            handler.wfile.write(answers[number - 1])

        port, _ = self.serve(answer)
        client = self.client(port)
        self.assertEqual(b"".join(client.export_logs()), lines)
        self.assertIn("trailer=true", self.asked[0])
        for words in ["ended too soon", "ended too soon", "damaged", "ended too soon"]:
            with self.assertRaisesRegex(ConnectionFailed, words):
                list(client.export_logs())

    def test_an_export_waits_for_its_turn_and_passes_a_warning_on(self):
        lines = b"-- 0 entries\n"

        def answer(handler, number):
            handler.send_response(429 if number == 1 else 200)
            handler.send_header("Retry-After" if number == 1 else "Log-Warning", "0")
            handler.send_header("Content-Length", "0" if number == 1 else str(len(lines)))
            handler.end_headers()
            if number > 1:
                handler.wfile.write(lines)

        port, _ = self.serve(answer)
        waits = []
        with self.assertWarnsRegex(UserWarning, "^0$") as warned:
            told = self.client(port).export_logs(format="text", on_wait=lambda *w: waits.append(w))
        self.assertEqual(b"".join(told), lines)
        self.assertEqual([(wait[0], wait[1].status) for wait in waits], [(1, 429)])
        self.assertEqual(warned.filename, __file__)

    def test_closing_the_client_ends_the_wait_of_an_export(self):
        port, _ = self.serve(lambda handler, _: handler.send_error(429))
        client = self.client(port)
        with self.assertRaisesRegex(ConnectionFailed, "closed"):
            client.export_logs(on_wait=lambda *_: client.close())

    def client(self, port, **options):
        client = Client(f"http://127.0.0.1:{port}", "token", **options)
        self.addCleanup(client.close)
        return client

    def test_it_waits_anywhere_in_a_span_that_doubles_up_to_30_seconds(self):
        def answer(handler, n):
            if n <= 8:
                handler.send_error(503)
            else:
                handler.stream(DONE)

        port, _ = self.serve(answer)
        draws = [0, 0.01, 0.002, 0.001, 0.0005, 0.0001, 0.0002, 0.0003]
        left, states = list(draws), []
        client = self.client(port, random=lambda: left.pop(0))
        for _ in client.stream("n", on_state=lambda *state: states.append(state)):
            pass
        spans = [1, 2, 4, 8, 16, 30, 30, 30]
        waits = [state for state in states if state[0] == "waiting"]
        self.assertEqual([wait[1] for wait in waits], [s * d for s, d in zip(spans, draws)])
        self.assertEqual({wait[2].status for wait in waits}, {503})
        self.assertEqual([state[0] for state in states[-2:]], ["connecting", "live"])

    def test_leaving_closing_and_dropping_a_stream_close_its_connection(self):
        def left(client):
            with client.stream("n") as events:
                next(events)

        def closed(client):
            events = client.stream("n")
            next(events)
            events.close()

        def dropped(client):
            for _ in client.stream("n"):
                break

        for leave in (left, closed, dropped):
            with self.subTest(leave.__name__):
                port, is_closed = self.serve(lambda handler, _: handler.stream(LOG, stay=True))
                leave(self.client(port))
                self.assertTrue(is_closed.wait(10))

    def test_closing_the_client_ends_a_stream_that_another_thread_reads_or_waits_in(self):
        def waiting(handler, _):
            handler.send_response(503)
            handler.send_header("Retry-After", "60")
            handler.send_header("Content-Length", "0")
            handler.end_headers()

        for answer in (lambda handler, _: handler.stream(LOG, stay=True), waiting):
            port, _ = self.serve(answer)
            client, begun = self.client(port), threading.Event()
            told = []

            def state(name, *_):
                if name != "connecting":
                    begun.set()

            def read():
                try:
                    for _ in client.stream("n", on_state=state):
                        pass
                except Exception as error:
                    told.append(error)

            reader = threading.Thread(target=read)
            reader.start()
            self.assertTrue(begun.wait(10))
            client.close()
            reader.join(10)
            self.assertFalse(reader.is_alive())
            self.assertIsInstance(told[0], ConnectionFailed)
            with self.assertRaises(ConnectionFailed):
                client.get_node("n")

    def test_the_time_that_the_reader_takes_does_not_count(self):
        def slow(handler, _):
            handler.send_response(200)
            handler.send_header("Content-Type", "text/event-stream")
            handler.end_headers()
            handler.wfile.write(LOG)
            time.sleep(0.6)
            handler.wfile.write(DONE)
            handler.close_connection = True

        port, _ = self.serve(slow)
        events = []
        for event in self.client(port).stream("n", timeout=0.4):
            events.append(event)
            time.sleep(0.5)
        self.assertIsInstance(events[-1], Done)

    def test_a_mistake_is_told_at_once(self):
        for url in ("localhost:8080", "no address", "ftp://host", "http://host:port"):
            with self.assertRaises(ValueError):
                Client(url, "token")
        token = os.environ.pop("LAUNCHTAIL_ADMIN_TOKEN")
        try:
            with self.assertRaisesRegex(ValueError, "LAUNCHTAIL_ADMIN_TOKEN"):
                Client("http://127.0.0.1:1")
        finally:
            os.environ["LAUNCHTAIL_ADMIN_TOKEN"] = token
        with self.assertRaises(ValueError):
            Client("http://127.0.0.1:1", "two\nlines")

    def test_no_server_and_an_answer_of_a_proxy_are_told_as_such(self):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with self.assertRaisesRegex(ConnectionFailed, f"no answer from http://127.0.0.1:{port}"):
            self.client(port).get_node("n")

        def html(handler, _):
            handler.send_response(200)
            handler.send_header("Content-Length", "6")
            handler.end_headers()
            handler.wfile.write(b"<html>")

        port, _ = self.serve(html)
        with self.assertRaisesRegex(ConnectionFailed, "something other than JSON"):
            self.client(port).get_node("n")

    def test_the_token_is_in_no_text_of_the_client(self):
        client = Client("http://127.0.0.1:1", "very-secret")
        self.assertNotIn("very-secret", repr(client))
        with self.assertRaises(ConnectionFailed) as failed:
            client.get_node("n")
        self.assertNotIn("very-secret", str(failed.exception))


if __name__ == "__main__":
    unittest.main()
