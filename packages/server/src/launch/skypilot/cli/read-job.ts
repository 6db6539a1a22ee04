import { rmSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { childSignal } from '@launchtail/client/async'
import { lineDecoder, type RawLine } from '../../../output/lines.js'
import { readJson } from '../../supervised/read-json.js'
import { jobLines } from '../job-lines.js'
import { createLineCount, type LineCount } from '../line-count.js'
import { type CliEnd, launchedFile } from './files.js'
import { lineEnds } from './line-ends.js'
import { isThere } from './sky-command.js'
import { runStep, type Steps } from './steps.js'

/** How often `sky logs` may fail in a row where nobody can say whether the cluster exists. */
const MOST_FAULTS = 20
/** Exit codes of `sky logs` where the job is over: succeeded, failed, cancelled. */
const OVER = new Set([0, 100, 103])
/** How often a log that is empty is read when its job is over: it may come a moment later. */
const LAST_TRIES = 3

/**
 * Reads the job's log to its end, again from its beginning where it is cut. Returns why it is over, and
 * undefined when the supervisor is ended.
 */
export async function readJob(steps: Steps): Promise<CliEnd | undefined> {
  const { files, plan, ending, output } = steps
  const before = readJson(files.launched, launchedFile)?.lines ?? 0
  const count = createLineCount(Math.max(0, lineEnds(files.output) - before))
  // Left by a supervisor that was killed.
  rmSync(files.reading, { force: true })
  let faults = 0
  let tries = 0
  while (!ending.aborted) {
    const known = count.given()
    const watch = watchCluster(steps)
    const { code } = await runStep(steps, {
      words: ['logs', plan.cluster, '--follow', '--tail', '0'],
      env: plan.env,
      take: logged,
    })
    rmSync(files.reading, { force: true })
    const isLost = await watch.stop()
    if (ending.aborted) return undefined
    if (isLost) return { step: 'job', code, gone: true }
    if (code !== null && OVER.has(code)) {
      tries += 1
      if (count.given() > 0 || tries >= LAST_TRIES) return { step: 'job', code }
    }
    const isGone = await isMissing(steps, ending)
    if (isGone) return { step: 'job', code, gone: true }
    faults = isGone === false || count.given() > known ? 0 : faults + 1
    if (faults >= MOST_FAULTS) {
      return { step: 'job', code, fault: '`sky logs` fails again and again' }
    }
    await sleep(plan.retry)
  }
  return undefined

  function logged([out, errors]: [Readable, Readable]): Promise<unknown> {
    // What `sky` itself complains about is not part of the job's log.
    errors.resume()
    return output.take(Readable.from(unseen(marked(out), count)))
  }

  async function* marked(out: Readable): AsyncGenerator<Buffer> {
    let first = true
    for await (const chunk of out) {
      if (first) writeFileSync(files.reading, '', { mode: 0o600 })
      first = false
      yield chunk as Buffer
    }
  }
}

/** Watches for the loss of the cluster while its log is read, which may not notice it. */
function watchCluster({ plan, endAll, ending }: Steps) {
  const leaving = childSignal(ending)
  const { signal } = leaving
  const watching = watch()
  return { stop }

  async function watch(): Promise<boolean> {
    for (;;) {
      // Rejects when nobody wants to know any more.
      await sleep(plan.look, undefined, { signal }).catch(() => {})
      if (signal.aborted) return false
      if (!(await isMissing({ plan }, signal))) continue
      await endAll()
      return true
    }
  }

  /** True where the cluster was lost. */
  function stop(): Promise<boolean> {
    leaving.abort()
    return watching
  }
}

/** True where the cluster does not exist, which two answers say; undefined where nobody can tell. */
async function isMissing(
  { plan }: Pick<Steps, 'plan'>,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const { cluster, timeout, sky: file, env } = plan
  // Without an answer in time there is none.
  const ask = () => isThere({ file, env }, { cluster, timeout, signal }).catch(() => undefined)
  const first = await ask()
  if (first !== false) return first === undefined ? undefined : false
  return (await ask()) === false
}

/** The job's lines that were not given at earlier readings. */
async function* unseen(stream: AsyncIterable<Buffer>, count: LineCount): AsyncGenerator<Buffer> {
  const decoder = lineDecoder()
  const own = jobLines()
  const fresh = count.reading()
  for await (const chunk of stream) {
    const text = fresh(own(decoder.push(chunk)))
      .map(written)
      .join('')
    if (text !== '') yield Buffer.from(text)
  }
  // Half a line, where the log was cut. It would be read again as another.
  decoder.end()
}

function written({ text, transient }: RawLine): string {
  return text + (transient ? '\r' : '\n')
}
