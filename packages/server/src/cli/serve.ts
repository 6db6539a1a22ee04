import cluster from 'node:cluster'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command, Option } from 'commander'
import { type Config, ConfigError, resolveConfig, type SettingName, settings } from '../config.js'
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
  $ launchtail serve --workers 4                       four processes, with REDIS_URL and DATABASE_URL
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
  if (cluster.isWorker) return serveAsWorker(flags)
  const config = await orFault(async () => resolveConfig({ flags, env: process.env }))
  if (config.workers > 1 && !withDemo) return serveWithWorkers(config)
  growHeapSlowly()
  const server = await orFault(async () => {
    // Loaded here, because no other command needs it.
    const { startServer } = await import('../main.js')
    return startServer(withDemo ? ofDemo(config) : config)
  })
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

/** Recorded launches must not mix with real ones, from which durations are estimated. */
function ofDemo(config: Config): Config {
  const apart = { redisUrl: undefined, databaseUrl: undefined, workers: 1 }
  return { ...config, ...apart, dataDir: join(config.dataDir, 'demo') }
}

async function serveWithWorkers(config: Config): Promise<void> {
  const { createWorkers } = await import('../workers/server.js')
  const server = await orFault(() => createWorkers(config))
  endOnSignal(server.close, server.kill)
  process.stdout.write(greeting(server, false))
  server.logStart()
}

async function serveAsWorker(flags: Partial<Record<SettingName, string>>): Promise<void> {
  growHeapSlowly()
  const { linkToPrimary } = await import('../workers/worker.js')
  const link = linkToPrimary()
  const server = await orFault(
    async () => {
      const config = resolveConfig({ flags, env: process.env })
      const { startServer } = await import('../main.js')
      return startServer(link.configOf(config), process.env, link)
    },
    // Whoever started it says it, once for all.
    (sentence) => link.tell({ kind: 'fault', sentence }),
  )
  link.onStop(() => void endInOrder(server.close))
  await link.tell({ kind: 'listening', url: server.url })
}

/** What could not be started for a reason that can be told is told in a sentence, and ends the process. */
async function orFault<T>(
  act: () => Promise<T>,
  tell: (sentence: string) => void | Promise<void> = tellOnTerminal,
): Promise<T> {
  try {
    return await act()
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StartError)) throw error
    await tell(error.message)
    // What was opened before the error must not keep the process alive.
    return process.exit(1)
  }
}

function tellOnTerminal(sentence: string): void {
  process.stderr.write(`launchtail: ${sentence.replaceAll('\n', '\nlaunchtail: ')}\n`)
}

type Greeted = Pick<Server, 'url' | 'madeToken' | 'tokenFile'>

async function beginDemo({ url, token }: Server): Promise<Demo> {
  const [{ createClient }, { startDemo }] = await Promise.all([
    import('@launchtail/client'),
    import('../demo/demo.js'),
  ])
  const note = (sentence: string) => void process.stderr.write(`launchtail: ${sentence}\n`)
  return startDemo({ client: createClient({ baseUrl: url, token }), note })
}

function greeting({ url, madeToken, tokenFile }: Greeted, withDemo: boolean): string {
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
function endOnSignal(close: () => Promise<void>, kill: () => void = () => {}): void {
  let ending = false
  const end = () => {
    if (ending) {
      kill()
      process.exit(1)
    }
    ending = true
    void endInOrder(close)
  }
  process.on('SIGTERM', end)
  process.on('SIGINT', end)
}

async function endInOrder(close: () => Promise<void>): Promise<void> {
  try {
    await close()
    process.exit(0)
  } catch (error) {
    process.stderr.write(`launchtail: could not stop in order: ${error}\n`)
    process.exit(1)
  }
}
