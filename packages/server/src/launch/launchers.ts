import { HttpError } from '../errors.js'
import type { Launcher } from './launcher.js'

/** They start processes of this machine, which only the server can follow that has their files. */
const ON_THIS_MACHINE: readonly string[] = ['local', 'sky']

export function isOnThisMachine(launcher: string): boolean {
  return ON_THIS_MACHINE.includes(launcher)
}

/** The launcher that serves a provider. Throws 400 if there is none. */
export function chooseLauncher(launchers: readonly Launcher[], provider: string): Launcher {
  const launcher = launchers.find((one) => one.serves(provider))
  if (launcher) return launcher
  if (provider === 'local') {
    throw new HttpError(
      400,
      'launching on this server’s own machine is disabled; set LAUNCHTAIL_LOCAL_LAUNCHER to enable it',
    )
  }
  const alternative = launchers.some((one) => one.serves('local')) ? 'use "local" or ' : ''
  throw new HttpError(
    400,
    `this server cannot launch provider ${JSON.stringify(provider)}; ${alternative}send its log in`,
  )
}
