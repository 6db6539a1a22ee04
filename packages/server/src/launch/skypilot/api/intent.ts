import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeJson } from '../../supervised/files.js'

/** There before SkyPilot is asked for the launch. */
export interface Asked {
  /** When, in milliseconds since 1970. */
  readonly at: number
  /** The launches of a cluster of this name that SkyPilot knew of before; any other is ours. */
  readonly known: readonly string[]
}

/** What is kept in a launch's folder: none of it a secret, and none that cannot be found anew. */
export function intentIn(folder: string) {
  const file = (name: string) => join(folder, name)
  return {
    asked: () => readJson<Asked>(file('asked.json')),
    ask: (asked: Asked) => save('asked.json', asked),
    request: () => readJson<{ id: string }>(file('request.json'))?.id,
    accepted: (id: string) => save('request.json', { id }),
    /** How many lines the request's output had, which may be cleared away before the job ends. */
    lines: () => readJson<{ lines: number }>(file('output.json'))?.lines,
    ended: (lines: number) => save('output.json', { lines }),
    isCancelled: () => existsSync(file('cancelled')),
    cancel() {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(file('cancelled'), '', { mode: 0o600 })
    },
  }

  function save(name: string, value: object): void {
    // Gone where the launch is taken up on another machine.
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeJson(file(name), value)
  }
}

export type Intent = ReturnType<typeof intentIn>
