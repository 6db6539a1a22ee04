import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJson, writeJson } from '../../supervised/files.js'

/** Stored before SkyPilot is asked for the launch. */
export interface Asked {
  /** When, in milliseconds since 1970. */
  readonly at: number
  /** The launches of a cluster of this name that SkyPilot listed before; any other is ours. */
  readonly known: readonly string[]
}

/**
 * What this server remembers of a launch, in the launch's folder. None of it is a secret, and all of it
 * can be found again at SkyPilot.
 */
export function intentIn(folder: string) {
  const file = (name: string) => join(folder, name)
  return {
    asked: () => readJson<Asked>(file('asked.json')),
    ask: (asked: Asked) => save('asked.json', asked),
    request: () => readJson<{ id: string }>(file('request.json'))?.id,
    accepted: (id: string) => save('request.json', { id }),
    /** How many lines the request's output had. SkyPilot may clear it away before the job ends. */
    lines: () => readJson<{ lines: number }>(file('output.json'))?.lines,
    ended: (lines: number) => save('output.json', { lines }),
    isCancelled: () => existsSync(file('cancelled')),
    cancel() {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(file('cancelled'), '', { mode: 0o600 })
    },
  }

  function save(name: string, value: object): void {
    // Missing where the launch is taken up on another machine.
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeJson(file(name), value)
  }
}

export type Intent = ReturnType<typeof intentIn>
