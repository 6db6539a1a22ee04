/**
 * The process that runs one launch through the `sky` command, started by the server and outliving
 * it: `sky launch`, then `sky logs`, whose output it writes into the launch's folder.
 *
 *     node cli-supervisor.js FOLDER < plan
 */
import { spawn } from 'node:child_process'
import { closeSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { lineDecoder } from '../../../output/lines.js'
import { readJson, writeJson } from '../../supervised/files.js'
import { lead } from '../../supervised/lead.js'
import { openOutput } from '../../supervised/output.js'
import { endSession } from '../../supervised/processes.js'
import { unnamed } from '../../supervised/unnamed.js'
import { jobLines } from '../api/output.js'
import { type CliEnd, type CliPlan, cliFiles, type Launched } from './files.js'
import { isThere } from './sky-command.js'

/** How often `sky logs` may fail in a row where nobody can say whether the cluster is there. */
const MOST_FAULTS = 20
/** Exit codes of `sky logs` that say that the job is over: succeeded, failed, cancelled. */
const OVER = new Set([0, 100, 103])
/** How often a log that is empty is read when its job is over: it may come a moment later. */
const LAST_TRIES = 3

await supervise(process.argv[2] as string)
process.exit(0)

async function supervise(folder: string): Promise<void> {
  const files = cliFiles(folder)
  const led = await lead<CliPlan>(files.supervisor)
  if (!led) return
  const { plan, me, ending } = led
  const values = [...Object.values(plan.secrets), ...plan.hidden]
  const output = openOutput({ file: files.output, secrets: values })
  const sky = { file: plan.sky, env: plan.env }
  const end = (await launch()) ?? (await followJob())
  await output.written()
  if (end) writeJson(files.end, end)

  /** Undefined when the job was submitted. */
  async function launch(): Promise<CliEnd | undefined> {
    if (existsSync(files.launched)) return undefined
    // It must have a name that ends like this; but its scripts may hold a secret in the open.
    const task = unnamed(`${files.task}.draft`, plan.task)
    symlinkSync('/proc/self/fd/3', files.task)
    const names = Object.keys(plan.secrets).flatMap((name) => ['--secret', name])
    const words = ['launch', '-c', plan.cluster, files.task, '-y', '-d', ...names]
    // Without a value `sky` takes it from its environment, which is on no command line.
    const env = { ...plan.env, ...plan.secrets }
    const take = (streams: readonly Readable[]) =>
      Promise.all(streams.map((stream) => output.take(stream)))
    const { code, fault } = await run(words, env, take, task)
    closeSync(task)
    rmSync(files.task, { force: true })
    await output.written()
    if (code !== 0) return { step: 'launch', code, ...(fault !== undefined && { fault }) }
    writeJson(files.launched, { lines: lineEnds(files.output) } satisfies Launched)
    return undefined
  }

  /** Reads the job's log to its end, again from its beginning where it is cut. */
  async function followJob(): Promise<CliEnd | undefined> {
    const before = readJson<Launched>(files.launched)?.lines ?? 0
    const counted = { given: Math.max(0, lineEnds(files.output) - before) }
    // Of a supervisor that was killed.
    rmSync(files.reading, { force: true })
    let faults = 0
    let tries = 0
    while (!ending.aborted) {
      const known = counted.given
      const leaving = new AbortController()
      const lost = watchCluster(leaving.signal)
      // Both outputs of `sky logs` are one log: two would have to be counted apart.
      const ended = await run(['logs', plan.cluster, '--follow', '--tail', '0'], plan.env, logged)
      rmSync(files.reading, { force: true })
      leaving.abort()
      if (ending.aborted) return undefined
      if (await lost) return { step: 'job', code: ended.code, gone: true }
      if (ended.code !== null && OVER.has(ended.code)) {
        tries += 1
        if (counted.given > 0 || tries >= LAST_TRIES) return { step: 'job', code: ended.code }
      }
      const there = await isThere(sky, plan.cluster, ending).catch(() => undefined)
      if (there === false && (await isThere(sky, plan.cluster, ending)) === false) {
        return { step: 'job', code: ended.code, gone: true }
      }
      faults = there || counted.given > known ? 0 : faults + 1
      if (faults >= MOST_FAULTS) {
        return { step: 'job', code: ended.code, fault: '`sky logs` fails again and again' }
      }
      await sleep(plan.retry)
    }
    return undefined

    function logged([out, errors]: [Readable, Readable]): Promise<unknown> {
      // What `sky` itself complains of is not the job's.
      errors.resume()
      return output.take(Readable.from(fresh(begun(out), counted)))
    }

    async function* begun(out: Readable): AsyncGenerator<Buffer> {
      let first = true
      for await (const chunk of out) {
        if (first) writeFileSync(files.reading, '', { mode: 0o600 })
        first = false
        yield chunk as Buffer
      }
    }
  }

  /** Whether the cluster went while its log was read, which may not notice that. */
  async function watchCluster(signal: AbortSignal): Promise<boolean> {
    const until = AbortSignal.any([signal, ending])
    try {
      for (;;) {
        await sleep(plan.look, undefined, { signal: until })
        const gone = async () => (await isThere(sky, plan.cluster, until)) === false
        if ((await gone()) && (await gone())) {
          await endSession(me, { except: me.pid })
          return true
        }
      }
    } catch {
      // Nobody wants to know any more, or it could not be asked; the log's end is looked at too.
      return false
    }
  }

  function run(
    words: string[],
    env: Readonly<Record<string, string>>,
    take: (streams: [Readable, Readable]) => Promise<unknown>,
    ...files: number[]
  ): Promise<{ code: number | null; fault?: string }> {
    return new Promise((resolve) => {
      const child = spawn(plan.sky, words, {
        cwd: folder,
        env: { ...env },
        stdio: ['ignore', 'pipe', 'pipe', ...files],
      })
      const streams = [child.stdout, child.stderr] as [Readable, Readable]
      const reading = take(streams).catch(() => {})
      child.once('error', ({ message }) => resolve({ code: null, fault: message }))
      child.once('exit', async (code) => {
        // Its API server, which it may have started, holds on to the pipe.
        await Promise.race([reading, sleep(1000)])
        resolve({ code })
      })
    })
  }
}

/** A job's lines that were not there at the readings before. */
async function* fresh(
  stream: AsyncIterable<Buffer>,
  counted: { given: number },
): AsyncGenerator<Buffer> {
  const decoder = lineDecoder()
  const own = jobLines()
  let seen = 0
  for await (const chunk of stream) yield* selected(decoder.push(chunk))
  // Half a line, if it was cut; but then it would be read again as another.
  decoder.end()

  function* selected(lines: ReturnType<typeof decoder.push>): Generator<Buffer> {
    let out = ''
    for (const { text, transient } of own(lines)) {
      if (!transient) seen += 1
      if (transient ? seen < counted.given : seen <= counted.given) continue
      if (!transient) counted.given = seen
      out += text + (transient ? '\r' : '\n')
    }
    if (out !== '') yield Buffer.from(out)
  }
}

function lineEnds(file: string): number {
  if (!existsSync(file)) return 0
  let count = 0
  for (const byte of readFileSync(file)) if (byte === 10) count += 1
  return count
}
