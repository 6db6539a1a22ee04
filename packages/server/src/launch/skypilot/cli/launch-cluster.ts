import { closeSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { writeJson } from '../../supervised/files.js'
import { unnamed } from '../../supervised/unnamed.js'
import { saysNoPorts } from '../opens-ports.js'
import type { CliEnd, Launched } from './files.js'
import { lineEnds } from './line-ends.js'
import { runStep, type Steps } from './steps.js'
import { watchSubmission } from './submission.js'

/** Runs `sky launch`, unless that is done. Returns the end of the launch where it fails. */
export async function launchCluster(steps: Steps): Promise<CliEnd | undefined> {
  const { files, plan, output } = steps
  if (existsSync(files.launched)) return undefined
  const { portless } = plan
  let end = await launchOnce(steps, (existsSync(files.portless) && portless) || plan.task)
  if (end && portless !== undefined && !existsSync(files.portless) && refusesPorts(files.output)) {
    writeFileSync(files.portless, '', { mode: 0o600 })
    end = await launchOnce(steps, portless)
  }
  if (end) return end
  await output.written()
  writeJson(files.launched, { lines: lineEnds(files.output) } satisfies Launched)
  return undefined
}

function refusesPorts(output: string): boolean {
  return existsSync(output) && saysNoPorts(readFileSync(output, 'utf8'))
}

async function launchOnce(steps: Steps, yaml: string): Promise<CliEnd | undefined> {
  const { files, plan, output } = steps
  // `sky` wants a name that ends in .yaml. The task's scripts may hold a secret in plain text.
  const task = unnamed(`${files.task}.draft`, yaml)
  symlinkSync('/proc/self/fd/3', files.task)
  const names = Object.keys(plan.secrets).flatMap((name) => ['--secret', name])
  const submission = watchSubmission()
  const { code, fault } = await runStep(steps, {
    words: ['launch', '-c', plan.cluster, files.task, '-y', '-d', ...names],
    // `sky` takes a secret without a value from its environment, which no command line shows.
    env: { ...plan.env, ...plan.secrets },
    take: ([out, errors]) =>
      Promise.all([
        output.take(Readable.from(submission.watch(out))),
        output.take(Readable.from(submission.before(errors))),
      ]),
    descriptors: [task],
  })
  closeSync(task)
  rmSync(files.task, { force: true })
  // An API server that goes away when the job is submitted ends `sky`, and nothing else.
  if (code === 0) await output.take(Readable.from(submission.complaints()))
  await output.written()
  if (code !== null && submission.isDone()) return undefined
  return code === 0 ? undefined : { step: 'launch', code, ...(fault !== undefined && { fault }) }
}
