import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { LaunchRequest } from '@launchtail/client'
import { Command } from 'commander'
import { connect, withServer } from './connection.js'
import { CliError } from './exit.js'
import { showLogs } from './logs.js'

interface LaunchFlags {
  provider?: string
  region?: string
  gpu?: string
  gpuCount?: string
  model?: string
  spot?: boolean
  diskSize?: string
  file?: string
  env: string[]
  secret: string[]
  nodeId?: string
  wait?: boolean
  quiet?: boolean
  url?: string
  tokenFile?: string
}

/** `launchtail launch`: launches a node; with `--wait`, shows how it comes up. */
export function launchCommand(): Command {
  const gather = (value: string, all: string[]) => [...all, value]
  return withServer(new Command('launch'))
    .description('Launch a node.')
    .option('--provider <name>', 'local, aws, gcp, …', 'local')
    .option('--file <task.yaml>', 'a SkyPilot task; "-" reads it from standard input')
    .option('--model <name>', 'the model to serve, where there is no task')
    .option('--gpu <type>', 'the GPU, such as A100')
    .option('--gpu-count <n>', 'how many GPUs')
    .option('--region <name>', 'the region')
    .option('--spot', 'a spot instance')
    .option('--disk-size <GB>', 'the disk')
    .option(
      '--env <NAME[=value]>',
      'for the task; without a value it is taken from here',
      gather,
      [],
    )
    .option(
      '--secret <NAME>',
      'as --env, and never shown; its value is taken from here',
      gather,
      [],
    )
    .option('--node-id <id>', 'the node’s id; one is made otherwise')
    .option('--wait', 'show the log until the node is active, or has failed')
    .option('-q, --quiet', 'print the node’s id alone')
    .addHelpText(
      'after',
      `
Examples:
  $ launchtail launch --file examples/local-node.yaml --wait
  $ launchtail launch --provider aws --region us-west-2 --gpu A100 --model meta-llama/Llama-2-7b-chat-hf --secret HF_TOKEN
`,
    )
    .action(async (flags: LaunchFlags) => {
      const client = await connect(flags)
      const { node_id: id, cluster_name: cluster } = await client.launchNode(await requestOf(flags))
      if (flags.quiet) process.stdout.write(`${id}\n`)
      else process.stdout.write(`Launching ${cluster} (${id})\n`)
      if (!flags.wait) return
      process.exitCode = await showLogs(client, [id], {
        ...(flags.url !== undefined && { url: flags.url }),
        follow: true,
        tail: 'all',
        output: 'pretty',
        tz: 'local',
      })
    })
}

async function requestOf(flags: LaunchFlags): Promise<LaunchRequest> {
  const { provider = 'local', region, gpu, gpuCount, model, spot, diskSize, file, nodeId } = flags
  const request = {
    provider,
    ...(nodeId && { node_id: nodeId }),
    ...(region && { region }),
    ...(gpu && { gpu }),
    ...(gpuCount && { gpu_count: Number(gpuCount) }),
    ...(model && { model }),
    ...(spot && { use_spot: true }),
    ...(diskSize && { disk_size: Number(diskSize) }),
    ...(file && { task: await readTask(file) }),
    envs: Object.fromEntries(flags.env.map(variable)),
    secrets: Object.fromEntries(flags.secret.map(fromEnvironment)),
  }
  return request as LaunchRequest
}

async function readTask(file: string): Promise<string> {
  try {
    return file === '-' ? await text(process.stdin) : await readFile(file, 'utf8')
  } catch (error) {
    throw new CliError(`${file} cannot be read: ${(error as Error).message}`)
  }
}

function variable(text: string): [string, string] {
  const at = text.indexOf('=')
  return at === -1 ? fromEnvironment(text) : [text.slice(0, at), text.slice(at + 1)]
}

function fromEnvironment(name: string): [string, string] {
  const value = process.env[name]
  if (value !== undefined) return [name, value]
  throw new CliError(`${name} is not set here, so it has no value to send`)
}
