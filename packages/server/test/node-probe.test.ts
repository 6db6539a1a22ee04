import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdirSync, symlinkSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, expect, type onTestFinished, test } from 'vitest'
import { freePort } from '../src/launch/local/port.js'
import { probeMark } from '../src/launch/skypilot/node-probe/mark.js'
import { PREAMBLE } from '../src/launch/skypilot/node-probe/preamble.js'
import { probeReports } from '../src/launch/skypilot/node-probe/report.js'
import { lineDecoder } from '../src/output/lines.js'
import { removeFolder, temporaryFolder } from './support/launching.js'
import { until } from './support/processes.js'

const MARK = probeMark('/x/0a1b2c3d')
/** Answers 404 to all paths but one. */
const SERVE = `exec '${process.execPath}' -e "
require('http').createServer((q, r) => { r.statusCode = q.url.startsWith('/ok') ? 200 : 404; r.end() })
  .listen(process.env.PORT, process.env.BIND)"`

type Finished = typeof onTestFinished

interface Options {
  run: string
  env?: Record<string, string>
  paths?: string
}

/** A job as SkyPilot runs it: a bash script whose output is read. */
function start(finished: Finished, { run, env = {}, paths = '/ok' }: Options) {
  const job = spawn(whereIs('bash') ?? 'bash', ['-c', `${PREAMBLE}${run}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      LAUNCHTAIL_PROBE_MARK: MARK.halves,
      LAUNCHTAIL_PROBE_PATHS: paths,
      LAUNCHTAIL_PROBE_WAIT: '2',
      ...env,
    },
  })
  const decoder = lineDecoder()
  const reports = probeReports(MARK.printed)
  const shown: string[] = []
  for (const stream of [job.stdout, job.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      shown.push(...reports.take(decoder.push(chunk)).map(({ text }) => text))
    })
  }
  // The probe holds on to the output, as to the job's log.
  let closed = false
  job.once('close', () => {
    closed = true
  })
  finished(() => void job.kill('SIGKILL'))
  return { job, shown, newest: reports.newest, isClosed: () => closed }
}

const end = (job: ChildProcess) => void job.kill('SIGKILL')

describe.skipIf(!existsSync('/proc/net/tcp'))(
  'the probe beside a job',
  { concurrent: true },
  () => {
    test('reports its server, shows nothing, and ends with the job', async ({
      expect,
      onTestFinished,
    }) => {
      const PORT = `${await freePort()}`
      const { job, shown, newest, isClosed } = start(onTestFinished, {
        run: `echo on\n${SERVE}`,
        env: { PORT },
      })
      await until('the report', () => newest()?.is === 'ready', 20_000)
      expect(newest()).toMatchObject({ port: Number(PORT), path: '/ok', loopback: false })
      expect(shown.filter((text) => text !== '')).toEqual(['on'])
      end(job)
      await until('the end', isClosed, 5000)
    })

    test('ends with a job that never serves, and does not keep `wait` from returning', async ({
      expect,
      onTestFinished,
    }) => {
      const PORT = `${await freePort()}`
      const { job, newest, isClosed } = start(onTestFinished, {
        run: 'sleep 3 & wait\necho done',
        env: { PORT },
      })
      await until('the end', isClosed, 20_000)
      expect(job.exitCode).toBe(0)
      expect(newest()).toBeUndefined()
    })

    test('asks the next path where the server has no such path', async ({
      expect,
      onTestFinished,
    }) => {
      const PORT = `${await freePort()}`
      const { newest } = start(onTestFinished, { run: SERVE, env: { PORT }, paths: '/health /ok' })
      await until('the report', () => newest()?.is === 'ready', 30_000)
      expect(newest()).toMatchObject({ path: '/ok' })
    })

    test('reports what the server answers where no path will do', async ({
      expect,
      onTestFinished,
    }) => {
      const PORT = `${await freePort()}`
      const { newest } = start(onTestFinished, { run: SERVE, env: { PORT }, paths: '/health' })
      await until('the report', () => newest() !== undefined, 30_000)
      expect(newest()).toEqual({ is: 'answers', port: Number(PORT), codes: [404] })
    })

    test('tells a server that only its own machine reaches', async ({ expect, onTestFinished }) => {
      const PORT = `${await freePort()}`
      const { newest } = start(onTestFinished, { run: SERVE, env: { PORT, BIND: '127.0.0.1' } })
      await until('the report', () => newest()?.is === 'ready', 20_000)
      expect(newest()).toMatchObject({ loopback: true })
    })

    test('does not believe a stranger on the port', async ({ expect, onTestFinished }) => {
      const stranger = await listen(
        onTestFinished,
        createServer((_, res) => void res.end()),
      )
      const PORT = `${(stranger.address() as AddressInfo).port}`
      const { newest } = start(onTestFinished, { run: 'exec sleep 60', env: { PORT } })
      await until('the report', () => newest() !== undefined, 20_000)
      expect(newest()).toMatchObject({ is: 'taken', port: Number(PORT) })
    })

    test('a server that has left its parents is still the job’s', async ({
      expect,
      onTestFinished,
    }) => {
      const PORT = `${await freePort()}`
      const run = `(${SERVE.replace('exec ', 'setsid ')} & )\nexec sleep 60`
      const { newest } = start(onTestFinished, { run, env: { PORT } })
      await until('the report', () => newest()?.is === 'ready', 20_000)
      expect(newest()).toMatchObject({ port: Number(PORT) })
    })

    test('chooses a port that nobody listens on where none is named', async ({
      expect,
      onTestFinished,
    }) => {
      const taken = await listen(onTestFinished, createServer(), 8000).catch(() => undefined)
      const { newest } = start(onTestFinished, { run: SERVE })
      await until('the report', () => newest()?.is === 'ready', 20_000)
      const { port } = newest() as { port: number }
      expect(port).toBeGreaterThan(8000)
      expect(port).toBeLessThan(8100)
      taken?.close()
    })

    test('is the first node’s only', async ({ expect, onTestFinished }) => {
      const PORT = `${await freePort()}`
      const { shown, newest, isClosed } = start(onTestFinished, {
        run: 'sleep 4; ps -ef | grep -c "[s]h -s $$"',
        env: { PORT, SKYPILOT_NODE_RANK: '1' },
      })
      await until('the end', isClosed, 20_000)
      expect(newest()).toBeUndefined()
      expect(shown).toEqual(['0'])
    })

    const TOOLS = ['curl', 'python3', 'wget', 'bash'].filter((name) => whereIs(name))

    test.for(TOOLS)('asks with %s', async (tool, { expect, onTestFinished }) => {
      const folder = temporaryFolder()
      onTestFinished(() => removeFolder(folder))
      for (const name of [tool, 'sh', ...NEEDED]) {
        const file = whereIs(name)
        if (file) symlinkSync(file, join(mkdirs(folder), name))
      }
      const PORT = `${await freePort()}`
      const { newest } = start(onTestFinished, {
        run: SERVE,
        env: { PORT, PATH: join(folder, 'bin') },
      })
      await until('the report', () => newest()?.is === 'ready', 20_000)
      expect(newest()).toMatchObject({ port: Number(PORT) })
    })

    test('sends the headers and the body of the task’s own probe', async ({
      expect,
      onTestFinished,
    }) => {
      const PORT = `${await freePort()}`
      const run = `exec '${process.execPath}' -e "
      require('http').createServer((q, r) => {
        let body = ''
        q.on('data', (b) => (body += b)).on('end', () => {
          const good = q.headers.authorization === 'Bearer \\\\\\"x\\\\\\"' && body === '{}'
          r.statusCode = good ? 200 : 401
          r.end()
        })
      }).listen(process.env.PORT)"`
      const { newest } = start(onTestFinished, {
        run,
        env: {
          PORT,
          LAUNCHTAIL_PROBE_HEADERS: 'Authorization: Bearer "x"',
          LAUNCHTAIL_PROBE_BODY: '{}',
        },
      })
      await until('the report', () => newest() !== undefined, 20_000)
      expect(newest()?.is).toBe('ready')
    })
  },
)

const NEEDED = [
  'sed',
  'tr',
  'grep',
  'ls',
  'cat',
  'sleep',
  'tail',
  'awk',
  'hostname',
  'setsid',
  'env',
]

function mkdirs(folder: string): string {
  const bin = join(folder, 'bin')
  mkdirSync(bin, { recursive: true })
  return bin
}

function whereIs(name: string): string | undefined {
  return (
    (process.env.PATH ?? '')
      .split(':')
      // A version manager's stand-in needs more than the tools that are there.
      .filter((folder) => !folder.includes('shims'))
      .map((folder) => join(folder, name))
      .find((file) => existsSync(file))
  )
}

function listen(finished: Finished, server: Server, port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve(server))
    finished(() => void server.close())
  })
}

describe('a report in the log', () => {
  const WORDS = 'ready port=8000 path=/health host=gpu7 listens=all addresses=10.0.0.7,fd00::2'
  const line = (text: string) => ({ text, transient: false, end: 0 })
  const read = (text: string) => {
    const { take, newest } = probeReports(MARK.printed)
    const left = take([line('one'), line(text), line('two')]).map((one) => one.text)
    return { left, report: newest() }
  }

  test.each([
    '(task, pid=7) ',
    '\x1b[36m(task, pid=7)\x1b[0m ',
    '(head, rank=0, pid=7) ',
    '(worker1, rank=1, pid=7, ip=10.0.0.2) ',
    '',
  ])('is read behind %j, and not shown', (head) => {
    expect(read(`${head}launchtail ${MARK.printed} ${WORDS}`)).toEqual({
      left: ['one', 'two'],
      report: {
        ...{ is: 'ready', port: 8000, path: '/health', host: 'gpu7', loopback: false },
        addresses: ['10.0.0.7', 'fd00::2'],
      },
    })
  })

  test.each([
    ['a trace of the shell', `(task, pid=7) + printf 'launchtail ${MARK.printed} ${WORDS}'`],
    ['a listing of the environment', `(task, pid=7) LAUNCHTAIL_PROBE_MARK=${MARK.halves}`],
    ['another launch’s', `(task, pid=7) launchtail ${probeMark('/x/other').printed} ${WORDS}`],
    ['one without a port', `(task, pid=7) launchtail ${MARK.printed} ready`],
    ['a quotation', `(task, pid=7) it said launchtail ${MARK.printed} ${WORDS}`],
    ...PREAMBLE.split('\n')
      .filter((text) => text.includes('launchtail'))
      .map((text) => ['the script itself', text]),
  ])('%s is none', (_, text) => {
    expect(read(text)).toEqual({ left: ['one', text, 'two'], report: undefined })
  })
})
