import type { Engine } from './engine.js'

export const ollama: Engine = {
  version: '0.12.6',
  readyPath: '/api/version',
  parallel: false,
  needsGpu: false,
  needsModel: true,
  setup: `set -eu
root="$HOME/launchtail-ollama-$LAUNCHTAIL_ENGINE_VERSION"
if [ -x "$root/bin/ollama" ]; then
  echo "ollama $LAUNCHTAIL_ENGINE_VERSION is installed already"
  exit 0
fi
case $(uname -m) in
  x86_64) machine=amd64 ;;
  aarch64 | arm64) machine=arm64 ;;
  *) echo "error: ollama has no build for $(uname -m)" >&2; exit 1 ;;
esac
rm -rf "$root.new"
mkdir -p "$root.new"
archive="https://github.com/ollama/ollama/releases/download/v$LAUNCHTAIL_ENGINE_VERSION/ollama-linux-$machine"
if ! curl -fsSL "$archive.tgz" | tar -xz -C "$root.new"; then
  echo "There is no .tgz of this version; trying its .tar.zst"
  command -v zstd >/dev/null 2>&1 || { echo "error: install zstd, in which newer versions of ollama are packed" >&2; exit 1; }
  curl -fsSL "$archive.tar.zst" | tar --zstd -x -C "$root.new"
fi
mv "$root.new" "$root"
`,
  // The model is pulled by a server that only this machine reaches: the real one opens its port with it.
  run: `set -eu
ollama="$HOME/launchtail-ollama-$LAUNCHTAIL_ENGINE_VERSION/bin/ollama"
if [ "$PORT" -lt 65535 ]; then other=$((PORT + 1)); else other=$((PORT - 1)); fi
OLLAMA_HOST="127.0.0.1:$other" "$ollama" serve &
puller=$!
trap 'kill "$puller" 2>/dev/null || true' EXIT
until OLLAMA_HOST="127.0.0.1:$other" "$ollama" list >/dev/null 2>&1; do
  kill -0 "$puller"
  sleep 1
done
OLLAMA_HOST="127.0.0.1:$other" "$ollama" pull "$LAUNCHTAIL_MODEL"
kill "$puller"
wait "$puller" || true
trap - EXIT
export OLLAMA_HOST="$LAUNCHTAIL_HOST:$PORT"
exec "$ollama" serve
`,
  takesNone: 'ollama is set by variables: give OLLAMA_… in "envs"',
}
