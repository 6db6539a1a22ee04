import cluster, { type Worker } from 'node:cluster'
import { setTimeout as sleep } from 'node:timers/promises'
import { backOff } from '@launchtail/client/async'
import { StartError } from '../errors.js'
import { joinMetrics } from './joined-metrics.js'
import type { FromWorker, ToWorker } from './messages.js'
import { placeInEnv } from './place.js'

export interface WorkersOptions {
  count: number
  /** Added to the environment of each. */
  env: Readonly<Record<string, string>>
  /** Something that whoever runs the server should know. */
  onNotice: (sentence: string) => void
}

/** Processes that serve one port. */
export interface Workers {
  readonly url: string
  /** Has all end in order, and waits for it. False if one of them did not. */
  close(): Promise<boolean>
  /** Ends all at once. */
  kill(): void
}

/** Milliseconds until a worker that has died is started again, the first time and at most. */
const PAUSES = { first: 200, longest: 30_000 }
/** Milliseconds after which a worker counts as one that runs, and its next end is news. */
const STEADY = 60_000
/** Milliseconds that the metrics of a worker are waited for. One that is frozen is left out. */
const METRICS_WITHIN = 1000

/**
 * Starts this program again as often as asked for, as workers. Throws a StartError if one cannot start. From
 * then on, one that dies is started again.
 */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { count, onNotice } = options
  // They accept on one socket. To hand each connection over costs 0.2 to 0.3 ms more, spreads a burst evenly and
  // not by 60 to 40, and leaves one that was on its way to a worker that dies open for ever, with nobody to answer.
  cluster.schedulingPolicy = cluster.SCHED_NONE
  const running = new Map<number, Worker>()
  const questions = createQuestions(running)
  const closing = new AbortController()
  const start = (number: number, restarts: number) =>
    run({ ...options, number, restarts, running, questions })
  const kill = () => {
    closing.abort()
    for (const worker of running.values()) worker.process.kill('SIGKILL')
  }
  try {
    // The first by itself: what it finds out about the port and the storage is said once.
    const first = start(1, 0)
    const url = await first.listening
    const others = Array.from({ length: count - 1 }, (_, i) => start(i + 2, 0))
    await Promise.all(others.map(({ listening }) => listening))
    const seats = [first, ...others].map((one, i) =>
      keep(one, { number: i + 1, start, onNotice, signal: closing.signal }),
    )
    return {
      url,
      kill,
      async close() {
        closing.abort()
        for (const worker of running.values()) tell(worker, { kind: 'stop' })
        return (await Promise.all(seats)).every((end) => end.isInOrder)
      },
    }
  } catch (error) {
    kill()
    throw error
  }
}

interface End {
  readonly isInOrder: boolean
  /** How it ended, to follow "worker 2". */
  readonly words: string
}

interface Run {
  /** Its address; a StartError if it ends before that. */
  readonly listening: Promise<string>
  readonly ended: Promise<End>
}

interface RunOptions extends WorkersOptions {
  number: number
  /** How often it was started before. */
  restarts: number
  running: Map<number, Worker>
  questions: Questions
}

function run({ number, count, restarts, env, running, questions }: RunOptions): Run {
  const worker = cluster.fork({ ...env, ...placeInEnv({ number, count, restarts }) })
  running.set(number, worker)
  let fault: string | undefined
  let listens: (url: string) => void
  const address = new Promise<string>((resolve) => {
    listens = resolve
  })
  worker.on('message', (message: FromWorker) => {
    if (message.kind === 'listening') listens(message.url)
    else if (message.kind === 'fault') fault = message.sentence
    else if (message.kind === 'ask') questions.ask(worker, message.id)
    else questions.answered(number, message)
  })
  const ended = endOf(worker).then((end): End => {
    running.delete(number)
    return fault ? { ...end, words: `cannot start: ${fault}` } : end
  })
  const listening = Promise.race([
    address,
    ended.then(({ words }) => {
      throw new StartError(fault ?? `worker ${number} ${words} before it listened`)
    }),
  ])
  listening.catch(() => {})
  return { listening, ended }
}

function endOf(worker: Worker): Promise<End> {
  return new Promise((resolve) => {
    worker.once('exit', (code: number, signal: string) => {
      const words = signal ? `was ended by ${signal}` : `ended with exit code ${code}`
      resolve({ isInOrder: code === 0, words })
    })
    worker.on('error', (error) => {
      // Otherwise it is a message that did not reach it, because it has just ended.
      if (worker.process.pid === undefined) {
        resolve({ isInOrder: false, words: `cannot be started: ${error.message}` })
      }
    })
  })
}

interface KeepOptions {
  number: number
  start: (number: number, restarts: number) => Run
  onNotice: (sentence: string) => void
  signal: AbortSignal
}

/** Starts a worker again whenever it ends, until the signal. Gives its last end. */
async function keep(first: Run, options: KeepOptions): Promise<End> {
  const { number, start, onNotice, signal } = options
  const told = new Set<string>()
  const tell = (sentence: string) => {
    if (told.has(sentence)) return
    told.add(sentence)
    onNotice(sentence)
  }
  let current = first
  let attempt = 0
  for (let restarts = 1; ; restarts += 1) {
    const since = performance.now()
    const end = await current.ended
    if (signal.aborted) return end
    if (performance.now() - since > STEADY) {
      attempt = 0
      told.clear()
    }
    tell(`worker ${number} ${end.words}; it is started again, and others serve meanwhile`)
    await sleep(backOff(attempt, PAUSES), undefined, { signal }).catch(() => {})
    if (signal.aborted) return { ...end, isInOrder: true }
    attempt += 1
    current = start(number, restarts)
    const again = () => tell(`worker ${number} serves again`)
    current.listening.then(again, () => {})
  }
}

interface Questions {
  /** Answers a worker with the metrics of all. */
  ask(worker: Worker, id: number): void
  answered(number: number, answer: { readonly id: number; readonly text: string }): void
}

function createQuestions(running: ReadonlyMap<number, Worker>): Questions {
  const open = new Map<number, (number: number, text: string) => void>()
  let last = 0
  return {
    ask: (worker, id) => void gather().then((text) => tell(worker, { kind: 'all', id, text })),
    answered: (number, { id, text }) => open.get(id)?.(number, text),
  }

  async function gather(): Promise<string> {
    last += 1
    const id = last
    const asked = [...running.keys()].sort((a, b) => a - b)
    const texts = new Map<number, string>()
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, METRICS_WITHIN)
      open.set(id, (number, text) => {
        texts.set(number, text)
        if (texts.size < asked.length) return
        clearTimeout(timer)
        resolve()
      })
      for (const number of asked) tell(running.get(number), { kind: 'read', id })
    })
    open.delete(id)
    const inOrder = asked.flatMap((number) => {
      const text = texts.get(number)
      return text === undefined ? [] : [[number, text] as const]
    })
    return joinMetrics(new Map(inOrder))
  }
}

function tell(worker: Worker | undefined, message: ToWorker): void {
  // One that is just ending takes no more.
  if (worker?.isConnected()) worker.process.send(message, () => {})
}
