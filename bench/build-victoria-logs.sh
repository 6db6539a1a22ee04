#!/bin/sh
# Builds VictoriaLogs out of its Go modules into the bench's cache, for the part `search`. It takes Go 1.26 and
# some minutes. Where it was not built, that part is without it.
set -eu

cache="$(cd "$(dirname "$0")" && pwd)/.cache"
mkdir -p "$cache"
GOBIN="$cache" go install github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@v1.52.1
