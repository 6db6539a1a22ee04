"""Runs streams of the Python client: a JSON line for each run in, a JSON line with its result out."""

import dataclasses
import json
import pathlib
import sys
import threading
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parents[4] / "clients" / "python"))

import launchtail  # noqa: E402

said = threading.Lock()


def run(id, url, node_id, token, tail=None, timeout=None, lastEventId=""):
    events, outcome = [], "nothing more"
    try:
        with launchtail.Client(url, token, random=lambda: 0.02) as client:
            wait = 900 if timeout is None else timeout / 1000
            stream = client.stream(node_id, tail=tail, timeout=wait, last_event_id=lastEventId)
            for event in stream:
                fields = dataclasses.asdict(event)
                event_id = fields.pop("id")
                data = {name: value for name, value in fields.items() if value is not None}
                events.append({"event": event.event, "data": data, "id": event_id})
                if isinstance(event, launchtail.Done):
                    outcome = "done"
        tell({"id": id, "events": events, "outcome": outcome})
    except launchtail.ApiError as error:
        tell({"id": id, "events": events, "outcome": f"refused {error.status}"})
    except launchtail.StreamTimeout:
        tell({"id": id, "events": events, "outcome": "timed out"})
    except BaseException:
        tell({"id": id, "fault": traceback.format_exc()})


def tell(result):
    with said:
        print(json.dumps(result), flush=True)


for line in sys.stdin:
    threading.Thread(target=run, kwargs=json.loads(line), daemon=True).start()
