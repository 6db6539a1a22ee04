import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { writeJson } from '../../supervised/files.js'
import { readJson } from '../../supervised/read-json.js'
import { SpoiltFile } from '../../supervised/spoilt-file.js'

/** Stored before SkyPilot is asked for the launch. */
const askedFile = z.object({
  /** When, in milliseconds since 1970. */
  at: z.number(),
  /** The launches of a cluster of this name that SkyPilot listed before; any other is ours. */
  known: z.array(z.string()).readonly(),
})
const requestFile = z.object({ id: z.string() })
/** The attempt of a managed job whose server was last said to be ready. */
const readyFile = z.object({ attempt: z.number().int() })
const outputFile = z.object({ lines: z.number() })
/** An earlier request of this launch, which was refused because it asked for ports. */
const refusedFile = z.object({ id: z.string(), lines: z.number() })

export type Asked = Readonly<z.infer<typeof askedFile>>

/** Believed where the file is broken: the launch was asked for, and any launch of that name is ours. */
const LOST: Asked = { at: 0, known: [] }

/**
 * What this server remembers of a launch, in the launch's folder. None of it is a secret, and all of it
 * can be found again at SkyPilot.
 */
export function intentIn(folder: string) {
  const file = (name: string) => join(folder, name)
  return {
    asked: () => readKept('asked.json', askedFile, LOST),
    ask: (asked: Asked) => save('asked.json', asked),
    request: () => readKept('request.json', requestFile)?.id,
    accepted: (id: string) => save('request.json', { id }),
    /** How many lines the request's output had. SkyPilot may clear it away before the job ends. */
    lines: () => readKept('output.json', outputFile)?.lines,
    ended: (lines: number) => save('output.json', { lines }),
    readyAttempt: () => readKept('ready.json', readyFile)?.attempt,
    ready: (attempt: number) => save('ready.json', { attempt }),
    /** The request that was refused because of its ports, if one was: they are not asked for again. */
    refused: () => readKept('refused.json', refusedFile),
    /** Forgets the request, so that the launch is asked for once more, without ports. */
    refuse(refused: z.infer<typeof refusedFile>) {
      save('refused.json', refused)
      for (const name of ['asked.json', 'request.json', 'output.json']) {
        rmSync(file(name), { force: true })
      }
    },
    isCancelled: () => existsSync(file('cancelled')),
    cancel() {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeFileSync(file('cancelled'), '', { mode: 0o600 })
    },
  }

  /** A machine that lost its power leaves empty files. They must not keep the launch from ending. */
  function readKept<T>(name: string, schema: z.ZodType<T>, broken?: T): T | undefined {
    try {
      return readJson(file(name), schema)
    } catch (error) {
      if (error instanceof SpoiltFile) return broken
      throw error
    }
  }

  function save(name: string, value: object): void {
    // Missing where the launch is taken up on another machine.
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeJson(file(name), value)
  }
}

export type Intent = ReturnType<typeof intentIn>
