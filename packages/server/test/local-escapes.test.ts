import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { identify } from '../src/launch/supervised/processes.js'
import { gone, task } from './support/launching.js'
import { launchLocally } from './support/local-launch.js'

/** Ways in which a program leaves the session it was started in. */
const ESCAPES = [
  ['a session of its own', 'setsid sleep 81 & echo "escaped $!"'],
  ['a daemon', '(setsid sh -c \'echo "escaped $$"; exec sleep 82\' &)'],
  ['a daemon’s daemon', 'setsid sh -c \'(setsid sh -c "echo escaped \\$\\$; sleep 83" &)\''],
  ['a daemon in a cleared environment', 'env -i setsid sh -c \'echo "escaped $$"; sleep 84\' &'],
  ['what ignores SIGTERM', 'setsid sh -c \'trap "" TERM; echo "escaped $$"; sleep 85\' &'],
] as const

test.each(ESCAPES)('cancel ends %s', { timeout: 20_000 }, async (_, run) => {
  const { launcher, launch, handle, line } = await launchLocally({
    task: task({ run: `${run}\nsleep 80; sleep 80` }),
  })
  const pid = Number((await line(/^escaped \d+/)).split(' ')[1])
  onTestFinished(() => kill(pid))
  await launcher.cancel(launch, handle)
  expect(identify(pid)).toBeUndefined()
})

test('a daemon ends with the run that left it behind', async () => {
  const { outcome, line } = await launchLocally({
    task: task({ run: '(setsid sh -c \'echo "escaped $$"; exec sleep 86\' &); sleep 0.2; exit 3' }),
  })
  const pid = Number((await line(/^escaped/)).split(' ')[1])
  onTestFinished(() => kill(pid))
  expect((await outcome)?.message).toMatch(/exit code 3/)
  await gone(pid)
})

test('a daemon is ended when the supervisor is gone and another process has its number', async () => {
  const { launcher, launch, handle, line } = await launchLocally({
    task: task({ run: '(setsid sh -c \'echo "escaped $$"; exec sleep 87\' &); sleep 87' }),
  })
  const pid = Number((await line(/^escaped/)).split(' ')[1])
  onTestFinished(() => kill(pid))
  const stranger = startStranger()
  const reused = { pid: stranger, started: handle.started }
  await launcher.cancel(launch, reused)
  expect(identify(pid)).toBeUndefined()
  expect(identify(stranger)).toBeDefined()
})

test('one launch’s end leaves another’s processes alone', async () => {
  const script = '(setsid sh -c \'echo "escaped $$"; exec sleep 88\' &); sleep 88'
  const one = await launchLocally({ task: task({ run: script }) })
  const other = await launchLocally({ task: task({ run: script }) })
  const pid = Number((await other.line(/^escaped/)).split(' ')[1])
  onTestFinished(() => kill(pid))
  await one.launcher.cancel(one.launch, one.handle)
  expect(identify(pid)).toBeDefined()
  expect(identify(other.handle.pid)).toBeDefined()
})

test('a launch that is not ready in time leaves no daemon', async () => {
  const { outcome, line } = await launchLocally({
    launchTimeout: 1500,
    task: task({ run: '(setsid sh -c \'echo "escaped $$"; exec sleep 89\' &); sleep 89' }),
  })
  const pid = Number((await line(/^escaped/)).split(' ')[1])
  onTestFinished(() => kill(pid))
  expect((await outcome)?.message).toMatch(/^not ready within/)
  await gone(pid)
})

test('a task cannot give itself another mark', async () => {
  const { launcher, launch, handle, line } = await launchLocally({
    envs: { LAUNCHTAIL_LAUNCH: 'another' },
    task: task({ run: '(setsid sh -c \'echo "escaped $$"; exec sleep 90\' &); sleep 90' }),
  })
  const pid = Number((await line(/^escaped/)).split(' ')[1])
  onTestFinished(() => kill(pid))
  await launcher.cancel(launch, handle)
  expect(identify(pid)).toBeUndefined()
})

/** A process that has nothing to do with any launch, at the head of a session of its own. */
function startStranger(): number {
  const { pid = 0 } = spawn('sleep', ['91'], { detached: true, stdio: 'ignore' })
  onTestFinished(() => kill(pid))
  return pid
}

function kill(pid: number): void {
  // It is gone, as it should be, unless the test failed.
  if (identify(pid)) process.kill(pid, 'SIGKILL')
}
