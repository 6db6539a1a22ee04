import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { ConfigError, resolveConfig, type SettingName, settings } from '../config.js'
import type { Demo } from '../demo/demo.js'
import { StartError } from '../errors.js'
import { growHeapSlowly } from '../heap.js'
import type { Server } from '../main.js'

/** `launchtail serve`. Every setting is a flag, too, unless it is secret. */
export function serveCommand(): Command {
  const command = new Command('serve').description('Start the server.')
  const names = new Map<string, SettingName>()
  for (const [name, setting] of Object.entries(settings)) {
    if (setting.flag === undefined) continue
    const option = new Option(`--${setting.flag} <value>`, helpOf(setting)).env(setting.env)
    names.set(option.attributeName(), name as SettingName)
    command.addOption(option)
  }
  command.option(
    '--demo',
    'replay a dozen recorded launches and run the example node, in a separate data folder',
  )
  command.addHelpText(
    'after',
    `
Examples:
  $ launchtail serve                                   store the logs in ./data
  $ launchtail serve --demo                            look at a demonstration
  $ REDIS_URL=redis://127.0.0.1:6379 launchtail serve  store the logs in Redis
  $ launchtail serve --port 9000 --data-dir /var/lib/launchtail
`,
  )
  return command.action(async ({ demo = false, ...options }: Options) => {
    const flags: Partial<Record<SettingName, string>> = {}
    for (const [attribute, name] of names) {
      // Values from the environment are read there, so that an error names the variable.
      if (command.getOptionValueSource(attribute) === 'cli')
        Object.assign(flags, { [name]: options[attribute] })
    }
    await serve(flags, demo)
  })
}

type Options = { demo?: boolean } & Record<string, string>

function helpOf({ help, default: usual, otherwise }: (typeof settings)[SettingName]): string {
  return `${help} (default: ${usual || (otherwise ?? 'none')})`
}

async function serve(
  flags: Partial<Record<SettingName, string>>,
  withDemo: boolean,
): Promise<void> {
  let server: Server
  growHeapSlowly()
  try {
    // Loaded here, because no other command needs it.
    const { startServer } = await import('../main.js')
    const config = resolveConfig({ flags, env: process.env })
    // Recorded launches must not mix with real ones, from which durations are estimated.
    const apart = { ...config, dataDir: join(config.dataDir, 'demo'), redisUrl: undefined }
    server = await startServer(withDemo ? apart : config)
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error
    process.stderr.write(`launchtail: ${error.message.replaceAll('\n', '\nlaunchtail: ')}\n`)
    process.exitCode = 1
    // What was opened before the error must not keep the process alive.
    process.exit()
  }
  let demo: Demo | undefined
  // Before it says that it listens: whoever waits for that may send a signal at once.
  endOnSignal(async () => {
    await demo?.stop()
    await server.close()
  })
  process.stdout.write(greeting(server, withDemo))
  server.logStart()
  if (withDemo) demo = await beginDemo(server)
}

async function beginDemo({ url, token }: Server): Promise<Demo> {
  const [{ createClient }, { startDemo }] = await Promise.all([
    import('@launchtail/client'),
    import('../demo/demo.js'),
  ])
  const note = (sentence: string) => void process.stderr.write(`launchtail: ${sentence}\n`)
  return startDemo({ client: createClient({ baseUrl: url, token }), note })
}

function greeting({ url, madeToken, tokenFile }: Server, withDemo: boolean): string {
  const lines = [`Launchtail listens on ${url}`]
  if (madeToken) {
    // Browsers do not send what follows the #, and the page removes it from the address at once.
    lines.push(`Open ${url}/#token=${madeToken}`)
    lines.push('The part after "token=" is the admin token. It is shown only this once.')
  }
  if (tokenFile) lines.push(`The token is in ${tokenFile}`)
  if (existsSync('examples/launch.mjs')) {
    const token = tokenFile ? `LAUNCHTAIL_ADMIN_TOKEN=$(cat '${tokenFile}') ` : ''
    lines.push(
      '',
      'Launch the example node and follow it, from another terminal in this folder:',
      `  ${token}LAUNCHTAIL_URL=${url} node examples/launch.mjs`,
    )
  }
  if (withDemo) lines.push('', 'This is a demonstration with recorded launches and a real one.')
  return `${lines.join('\n')}\n`
}

/** The first signal stops the server in order, a second one at once. */
function endOnSignal(close: () => Promise<void>): void {
  let ending = false
  const end = () => {
    if (ending) process.exit(1)
    ending = true
    close().then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`launchtail: could not stop in order: ${error}\n`)
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}
