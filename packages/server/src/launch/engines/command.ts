import type { Engine } from './engine.js'

/** A program that is on the node already: \`engine_args\` are its words. */
export const command: Engine = {
  version: '',
  readyPath: '',
  parallel: false,
  needsGpu: false,
  needsModel: false,
  run: `set -eu
mapfile -t words <<< "$LAUNCHTAIL_ENGINE_ARGS"
words=("\${words[@]//\\{port\\}/"$PORT"}")
words=("\${words[@]//\\{host\\}/"$LAUNCHTAIL_HOST"}")
words=("\${words[@]//\\{model\\}/"$LAUNCHTAIL_MODEL"}")
exec "\${words[@]}"
`,
}
