import { once, setMaxListeners } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { setTimeout as pause } from 'node:timers/promises'
import { ApiError, type Client, type Draft } from '@launchtail/client'
import { withDeadline } from '@launchtail/client/async'
import { CODE_FOLDER } from '../code-folder.js'
import { readyAt } from '../ingest/launch-line.js'
import { RECORDED, type Recorded } from './recordings.js'
import { readRecording, replay } from './replay.js'

export interface DemoOptions {
  client: Client
  /** Called with a sentence about what does not work. */
  note: (sentence: string) => void
  /** How many times faster than they were recorded the launches are replayed. */
  speed?: number
}

export interface Demo {
  /** Resolves when every launch that has an end has reached it. */
  readonly done: Promise<void>
  /** Stops the replays, and takes the example node down. */
  stop(): Promise<void>
}

const SPEED = 20
const EXAMPLE = 'demo-example'
/** How long taking down the example node may take, in milliseconds. */
const TAKE_DOWN = 5000

const RECORDINGS = new URL('../demo/', CODE_FOLDER)
/** In the published package, and in a checkout. */
const TASKS = ['local-node.yaml', '../../../examples/local-node.yaml']

/**
 * Shows what the page is for: launches the example node on this machine, and sends recorded launches in
 * as any program would. Everything the page shows of them is read out of their output.
 */
export function startDemo({ client, note, speed = SPEED }: DemoOptions): Demo {
  const stopping = new AbortController()
  const { signal } = stopping
  // Every request of every launch listens to this signal.
  setMaxListeners(0, signal)
  const label = { demo: `a recorded launch, replayed ${speed} times as fast` }
  const going = RECORDED.map((recorded) => noted(recorded.recording, show(recorded)))
  const example = noted('the example node', launchExample())
  const ending = going.filter((_, i) => RECORDED[i]?.end)
  return { done: Promise.all([example, ...ending]).then(() => {}), stop }

  async function show({ recording, begins, node, end }: Recorded): Promise<void> {
    const nodeId = `demo-${recording}`
    const lines = readRecording(await readFile(new URL(`${recording}.log`, RECORDINGS), 'utf8'))
    await pause((begins * 1000) / speed, undefined, { signal })
    await forget(nodeId)
    await client.createNode({ node_id: nodeId, ...node, labels: label }, { signal })
    // No signal: when the demonstration stops, the output comes to its end.
    await client.sendOutput(nodeId, output())
    if (end) await client.appendNodeLogs(nodeId, lastWord(end), { signal })

    async function* output() {
      yield* replay(lines, { speed, signal })
      // A program that hangs keeps its output open.
      if (!end && !signal.aborted) await once(signal, 'abort')
    }
  }

  /** Deletes what an earlier demonstration left. */
  async function forget(nodeId: string): Promise<void> {
    try {
      await client.deleteNode(nodeId, { signal })
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 404)) throw error
    }
  }

  async function launchExample(): Promise<void> {
    const file = TASKS.map((path) => new URL(path, CODE_FOLDER)).find((url) => existsSync(url))
    if (!file) throw new Error('its task is not there')
    const task = await readFile(file, 'utf8')
    try {
      await client.launchNode({ provider: 'local', ...PLACE, node_id: EXAMPLE, task }, { signal })
    } catch (error) {
      // The node of an earlier demonstration that could not be taken down serves as well.
      if (!(error instanceof ApiError && error.status === 409)) throw error
    }
  }

  function noted(what: string, work: Promise<void>): Promise<void> {
    return work.catch((error: Error) => {
      if (!signal.aborted) note(`the demonstration lacks ${what}: ${error.message}`)
    })
  }

  async function stop(): Promise<void> {
    stopping.abort()
    await Promise.all([example, ...going])
    try {
      await withDeadline(TAKE_DOWN, undefined, async (signal) => {
        await client.terminateNode(EXAMPLE, { signal })
        while ((await client.getNode(EXAMPLE, { signal })).status !== 'terminated') {
          await pause(50, undefined, { signal })
        }
      })
    } catch (error) {
      const neverLaunched = error instanceof ApiError && error.status === 404
      if (!neverLaunched) note(`the example node may still run: ${(error as Error).message}`)
    }
  }
}

const PLACE = { region: 'local', gpu: 'cpu', model: 'example-ngram' }

function lastWord(end: NonNullable<Recorded['end']>): Draft {
  if ('failed' in end) return { level: 'error', phase: 'failed', message: end.failed }
  return readyAt(end.active)
}
