import type { LaunchChanges } from '@launchtail/client'
import { fieldFromText } from '@launchtail/client/protocol'
import type { Command } from 'commander'
import { CliError } from './exit.js'
import { collect, fromEnvironment, readTask, variable } from './launch-flags.js'

export interface ChangeFlags {
  set?: string[]
  file?: string
  env?: string[]
  secret?: string[]
}

/** Adds the flags for what a launch is to have other than the one before. */
export function withChanges(command: Command): Command {
  return command
    .option(
      '--set <field=value>',
      'what is to be different, by the API’s name: gpu=H100, readiness.timeout=1h; without a value, the field is taken out',
      collect,
    )
    .option('--file <task.yaml>', 'another task; "-" reads it from standard input')
    .option('--env <NAME[=value]>', 'as for "launchtail launch"', collect)
    .option(
      '--secret <NAME>',
      'the same; secrets are not kept once their launch is over, and are given again',
      collect,
    )
}

/** The changes that these flags are. */
export async function changesOf({
  set = [],
  file,
  env,
  secret,
}: ChangeFlags): Promise<LaunchChanges> {
  const changes: Record<string, unknown> = {}
  for (const text of set) put(changes, text)
  if (file !== undefined) changes.task = await readTask(file)
  if (env) changes.envs = { ...(changes.envs as object), ...Object.fromEntries(env.map(variable)) }
  if (secret) changes.secrets = Object.fromEntries(secret.map(fromEnvironment))
  return changes as LaunchChanges
}

/** The server says which fields there are. */
function put(changes: Record<string, unknown>, text: string): void {
  const at = text.indexOf('=')
  if (at < 1) throw new CliError(`--set ${text}: it must be a field, "=" and a value`)
  const field = text.slice(0, at)
  const value = text.slice(at + 1)
  if (field === 'secrets' || field.startsWith('secrets.')) {
    throw new CliError('--set: a secret is given by --secret, from this environment')
  }
  const [name = '', ...inner] = field.split('.')
  const change = value === '' ? null : fieldFromText(field, value)
  if (inner.length === 0) changes[name] = change
  else changes[name] = { ...(changes[name] as object), [inner.join('.')]: change }
}
