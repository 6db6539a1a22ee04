/**
 * The setup of an engine that is a Python package: an environment of its own for each version, so that
 * versions do not disturb each other. Both arguments are texts of ours, none of a request.
 */
export function pythonSetup(distribution: string, install: string): string {
  return `set -eu
venv="$HOME/launchtail-${distribution}-$LAUNCHTAIL_ENGINE_VERSION"
if "$venv/bin/python" -c 'import importlib.metadata, sys
sys.exit(importlib.metadata.version(sys.argv[1]) != sys.argv[2])' ${distribution} "$LAUNCHTAIL_ENGINE_VERSION" 2>/dev/null; then
  echo "${distribution} $LAUNCHTAIL_ENGINE_VERSION is installed already"
  exit 0
fi
if [ ! -x "$venv/bin/python" ]; then
  if command -v uv >/dev/null 2>&1; then
    uv venv --seed --python "$LAUNCHTAIL_PYTHON_VERSION" "$venv"
  else
    python3 -m venv "$venv"
  fi
fi
"$venv/bin/python" -m pip install "uv==$LAUNCHTAIL_UV_VERSION"
${install}`
}

/** Adds the caller's arguments, one a line, to the array \`arguments\`. */
export const MORE_ARGUMENTS = `if [ -n "$LAUNCHTAIL_ENGINE_ARGS" ]; then
  mapfile -t more <<< "$LAUNCHTAIL_ENGINE_ARGS"
  arguments+=("\${more[@]}")
fi
`
