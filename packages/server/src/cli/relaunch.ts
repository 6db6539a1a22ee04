import type { LaunchChanges } from '@launchtail/client'
import { fieldFromText } from '@launchtail/client/protocol'
import { Command } from 'commander'
import { connect, type ServerFlags, withServer } from './connection.js'
import { CliError } from './exit.js'
import { collect, fromEnvironment, readTask, variable, withWaiting } from './launch-flags.js'
import { type LaunchedFlags, tellLaunched } from './launched.js'
import { NODE_ARGUMENT, resolveNode } from './node-names.js'

interface RelaunchFlags extends ServerFlags, LaunchedFlags {
  set?: string[]
  file?: string
  env?: string[]
  secret?: string[]
}

/** `launchtail relaunch`: launches again what a node was launched with. */
export function relaunchCommand(): Command {
  const command = withServer(new Command('relaunch'))
    .description('Launch again what a node was launched with, as a new node.')
    .argument('<node>', NODE_ARGUMENT)
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
  return withWaiting(command)
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail relaunch 550e84 --wait
  $ launchtail relaunch 550e84 --set gpu=H100 --set gpu_count=2 --secret HF_TOKEN
  $ launchtail relaunch my-node --set envs.BATCH=64 --set use_spot=
  $ launchtail diff $(launchtail relaunch -q --wait my-node)
`,
    )
    .action(async (name: string, flags: RelaunchFlags) => {
      const client = await connect(flags)
      const id = await resolveNode(client, name)
      const launched = await client.relaunchNode(id, await changesOf(flags))
      await tellLaunched(client, launched, flags)
    })
}

async function changesOf({ set = [], file, env, secret }: RelaunchFlags): Promise<LaunchChanges> {
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
