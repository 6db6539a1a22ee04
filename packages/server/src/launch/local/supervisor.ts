/**
 * The process that runs one local launch. The server starts it, and it outlives the server: it leads a
 * session of its own, in which it runs `setup` and `run`, and writes down their output.
 *
 *     node supervisor.js FOLDER < plan
 */
import { spawn } from 'node:child_process'
import { closeSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { type End, filesOf, type Run, writeJson } from '../supervised/files.js'
import { lead } from '../supervised/lead.js'
import { markOf } from '../supervised/mark.js'
import { openOutput } from '../supervised/output.js'
import { unnamed } from '../supervised/unnamed.js'
import type { Plan } from './plan.js'
import { freePort, isFree } from './port.js'
import { commandFor, findShell } from './shell.js'

/** How long the output of a step may stay open, in milliseconds, where the step leaves processes behind. */
const DRAIN = 1000

await supervise(process.argv[2] as string)
// A process that still has a pipe open has escaped from the session.
process.exit(0)

async function supervise(folder: string): Promise<void> {
  const files = filesOf(folder)
  const led = await lead<Plan>(folder, { descendants: true })
  if (!led) return
  const { plan, ending, endAll } = led
  const output = openOutput({ file: files.output, secrets: plan.secrets })
  /** The reads of the steps' output. A step may leave processes behind that go on writing. */
  const reading: Promise<unknown>[] = []
  const end = await run()
  await endAll()
  await Promise.race([Promise.all(reading), sleep(DRAIN)])
  await output.written()
  writeJson(files.end, { ...end, at: new Date().toISOString() } satisfies End)

  async function run(): Promise<Omit<End, 'at'>> {
    output.note('preparing a folder and a port')
    mkdirSync(files.work, { mode: 0o700 })
    const fixed = plan.environment.PORT
    let port = fixed ? Number(fixed) : await freePort()
    output.note('this machine is ready')

    if (plan.setup === undefined) output.note('the task has no setup')
    else {
      output.note('setup started')
      const ended = await step('setup', plan.setup, port)
      if (ended.code !== 0) return ended
      output.note('setup finished')
    }
    if (ending.aborted) return { step: 'setup', code: null, signal: 'SIGTERM' }
    if (!(await isFree(port))) {
      // The probe would take the program there for the launch's own server.
      const fault = `port ${port} is in use`
      if (fixed) return { step: 'run', code: null, signal: null, fault }
      port = await freePort()
    }
    output.note(`run started on port ${port}`)
    const ended = step('run', plan.run, port)
    writeJson(files.run, { port: plan.readyPort ?? port } satisfies Run)
    return await ended
  }

  function step(name: End['step'], script: string, port: number): Promise<Omit<End, 'at'>> {
    return new Promise((resolve) => {
      let fd: number | undefined
      const [shell, ...words] = commandFor(findShell(plan.environment.PATH), name)
      try {
        fd = unnamed(join(files.own, 'script'), script)
        const child = spawn(shell, words, {
          cwd: files.work,
          env: { PORT: String(port), ...plan.environment, ...markOf(folder) },
          stdio: ['ignore', 'pipe', 'pipe', fd],
        })
        const streams = [child.stdout, child.stderr] as [Readable, Readable]
        // A pipe that cannot be read any more has ended.
        const read = Promise.allSettled(streams.map((stream) => output.take(stream)))
        reading.push(read)
        child.once('error', ({ message: fault }) => {
          resolve({ step: name, code: null, signal: null, fault })
        })
        child.once('exit', async (code, signal) => {
          // Its last words are still in the pipe, which a process in the background may keep open.
          await Promise.race([read, sleep(DRAIN / 4)])
          resolve({ step: name, code, signal })
        })
      } catch (error) {
        // The environment is too large, for example.
        resolve({ step: name, code: null, signal: null, fault: (error as Error).message })
      } finally {
        if (fd !== undefined) closeSync(fd)
      }
    })
  }
}
