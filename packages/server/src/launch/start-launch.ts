import { mkdir } from 'node:fs/promises'
import type { Launcher, Outcome } from './launcher.js'
import type { Work } from './work.js'

/** Starts a launch and stores its handle. If it fails to start, whatever did start is taken down. */
export async function startLaunch(
  { launch, row, insist, signal, onFault }: Work,
  launcher: Launcher,
): Promise<{ handle: unknown } | { failure: Outcome | undefined }> {
  let handle: unknown
  try {
    await mkdir(launch.folder, { recursive: true, mode: 0o700 })
    handle = await launcher.start(launch, signal)
  } catch (error) {
    if (signal.aborted) return { failure: undefined }
    onFault(`starting the launch of ${launch.nodeId}`, error)
    await insist('cleaning up after', () => launcher.cancel(launch, undefined, signal))
    return { failure: { message: `the launch could not be started: ${(error as Error).message}` } }
  }
  await insist('storing the handle of', () => row.update({ handle: JSON.stringify(handle) }))
  // A launch that has become `cancelling` meanwhile stays so.
  await insist('storing the state of', () => row.update({ state: 'running' }, 'starting'))
  return { handle }
}
