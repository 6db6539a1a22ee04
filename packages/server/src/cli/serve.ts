import { existsSync } from 'node:fs'
import { Command, Option } from 'commander'
import { ConfigError, resolveConfig, type SettingName, settings } from '../config.js'
import { StartError } from '../data-folder.js'
import type { Server } from '../main.js'

/** `launchtail serve`: each setting is a flag too, but for those that are secret. */
export function serveCommand(): Command {
  const command = new Command('serve').description('Start the server.')
  const names = new Map<string, SettingName>()
  for (const [name, setting] of Object.entries(settings)) {
    if (setting.flag === undefined) continue
    const option = new Option(`--${setting.flag} <value>`, helpOf(setting)).env(setting.env)
    names.set(option.attributeName(), name as SettingName)
    command.addOption(option)
  }
  command.addHelpText(
    'after',
    `
Examples:
  $ launchtail serve                                  embedded store in ./data
  $ REDIS_URL=redis://127.0.0.1:6379 launchtail serve logs on Redis
  $ launchtail serve --port 9000 --data-dir /var/lib/launchtail
`,
  )
  return command.action(async (options: Record<string, string>) => {
    const flags: Partial<Record<SettingName, string>> = {}
    for (const [attribute, name] of names) {
      // What came from the environment is read there, so that a fault names the variable.
      if (command.getOptionValueSource(attribute) === 'cli')
        Object.assign(flags, { [name]: options[attribute] })
    }
    await serve(flags)
  })
}

function helpOf({ help, default: usual, otherwise }: (typeof settings)[SettingName]): string {
  return `${help} (default: ${usual || (otherwise ?? 'none')})`
}

async function serve(flags: Partial<Record<SettingName, string>>): Promise<void> {
  let server: Server
  try {
    // Only here: the other commands need nothing of the server.
    const { startServer } = await import('../main.js')
    server = await startServer(resolveConfig({ flags, env: process.env }))
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error
    process.stderr.write(`launchtail: ${error.message.replaceAll('\n', '\nlaunchtail: ')}\n`)
    process.exitCode = 1
    // What was opened before the fault must not keep the process.
    process.exit()
  }
  process.stdout.write(greeting(server))
  endOnSignal(server)
}

function greeting({ url, madeToken, tokenFile }: Server): string {
  const lines = [`Launchtail listens on ${url}`]
  if (madeToken) lines.push(`Admin token (shown this once): ${madeToken}`)
  if (tokenFile) lines.push(`The token is kept in ${tokenFile}`)
  if (existsSync('examples/launch.mjs')) {
    const token = tokenFile ? `LAUNCHTAIL_ADMIN_TOKEN=$(cat '${tokenFile}') ` : ''
    lines.push(
      '',
      'Launch the example node and follow it, from another terminal in this folder:',
      `  ${token}LAUNCHTAIL_URL=${url} node examples/launch.mjs`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** The first signal ends in order, a second one at once. */
function endOnSignal(server: Server): void {
  let ending = false
  const end = () => {
    if (ending) process.exit(1)
    ending = true
    server.close().then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`launchtail: could not end in order: ${error}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}
