#!/bin/sh
# Follows a node's launch, and lists its log: the two calls with curl.
#
#   LAUNCHTAIL_URL=http://127.0.0.1:8080 LAUNCHTAIL_ADMIN_TOKEN=... sh watch.sh NODE
set -eu
url=${LAUNCHTAIL_URL:-http://127.0.0.1:8080}/admin/nodes/$1

curl -sS --fail-with-body -H "X-Admin-Token: $LAUNCHTAIL_ADMIN_TOKEN" "$url/logs?tail=100"
echo
curl -sS --fail-with-body -N -H "X-Admin-Token: $LAUNCHTAIL_ADMIN_TOKEN" \
  "$url/logs/stream?follow=true&tail=50"
