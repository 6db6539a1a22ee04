#!/bin/sh
# Builds an OpenTelemetry Collector out of its Go modules into a cache, for its tests. It takes Go 1.25, some
# minutes and 2 GB. Where it was not built, these tests are skipped.
set -eu

cache="${XDG_CACHE_HOME:-$HOME/.cache}/launchtail-collector"
mkdir -p "$cache"
cd "$(dirname "$0")/../test/collector"
go build -trimpath -ldflags='-s -w' -o "$cache/collector" .
