"""Follows a node's launch, and lists its log: the two calls a program in Python makes.

    LAUNCHTAIL_URL=http://127.0.0.1:8080 LAUNCHTAIL_ADMIN_TOKEN=... python3 watch.py NODE

Needs `requests` (Debian: python3-requests). The event stream is read by hand: an event is lines up
to an empty one.
"""

import json
import os
import sys

import requests

BASE_URL = os.environ.get("LAUNCHTAIL_URL", "http://127.0.0.1:8080")


def events(response):
    """Yields (event, data) for each event of the stream."""
    event, data = "message", []
    for line in response.iter_lines(decode_unicode=True):
        if line.startswith("event: "):
            event = line[len("event: "):]
        elif line.startswith("data: "):
            data.append(line[len("data: "):])
        elif line == "":
            if data:
                yield event, json.loads("\n".join(data))
            event, data = "message", []


def stream_node_logs(node_id, admin_token):
    url = f"{BASE_URL}/admin/nodes/{node_id}/logs/stream?follow=true"
    headers = {"X-Admin-Token": admin_token, "Accept": "text/event-stream"}
    with requests.get(url, headers=headers, stream=True) as response:
        response.raise_for_status()
        response.encoding = "utf-8"
        for event, data in events(response):
            if event == "log":
                print(f"[{data['level'].upper()}] {data['message']}")
            elif event == "status":
                print(f"Status: {data['phase']} - {data['progress']}%")
            elif event == "error":
                print(f"ERROR in {data.get('phase')}: {data['error']}")
            elif event == "done":
                print(f"Launch complete: {data['status']}")
                if data.get("endpoint"):
                    print(f"Endpoint: {data['endpoint']}")
                break


def get_node_logs(node_id, admin_token, tail=100):
    url = f"{BASE_URL}/admin/nodes/{node_id}/logs?tail={tail}"
    response = requests.get(url, headers={"X-Admin-Token": admin_token})
    response.raise_for_status()
    return response.json()["logs"]


if __name__ == "__main__":
    node, token = sys.argv[1], os.environ["LAUNCHTAIL_ADMIN_TOKEN"]
    for log in get_node_logs(node, token):
        print(f"[{log['timestamp']}] {log['message']}")
    stream_node_logs(node, token)
