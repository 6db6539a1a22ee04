import { HttpError } from '../../../errors.js'
import { refusal } from '../../task-refusal.js'
import type { SkyTask } from '../vllm-task.js'
import { findSky } from './find-sky.js'
import type { SkyCommandOptions } from './run-sky.js'

type Environment = Readonly<Record<string, string | undefined>>

/** This server's own settings, which `sky` does not get. */
const OURS = /^(?:LAUNCHTAIL_|REDIS_URL$|DATABASE_URL$)/

/** The `sky` on the server's PATH and its environment. Throws an HttpError where there is none. */
export function skyIn(env: Environment): SkyCommandOptions {
  const file = findSky(env.PATH)
  if (file !== undefined) return { file, env: passedOn(env) }
  throw new HttpError(
    503,
    'SkyPilot is not installed: "sky" was not found on PATH; install it, or set SKYPILOT_API_SERVER_ENDPOINT',
  )
}

function passedOn(env: Environment): Record<string, string> {
  const passed = Object.entries(env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && !OURS.test(entry[0]),
  )
  // Without it, Python holds output back until there are 8 KiB.
  return { ...Object.fromEntries(passed), PYTHONUNBUFFERED: '1' }
}

/** Names that change what a program does, whatever it is. */
const STEERING =
  /^(?:PATH|HOME|SHELL|IFS|ENV|BASH_ENV|LANG|TMPDIR|LD_\w+|DYLD_\w+|PYTHON\w*|NODE_\w+|XDG_\w+|https?_proxy|all_proxy|no_proxy)$/i

/** Throws where a secret, which reaches `sky` through its environment, would change what `sky` does. */
export function refuseSteering({ secrets }: SkyTask): void {
  const faults = Object.keys(secrets)
    .filter((name) => STEERING.test(name))
    .map((name) => `"secrets.${name}" steers the \`sky\` command itself; use another name`)
  if (faults.length > 0) throw refusal(faults)
}
